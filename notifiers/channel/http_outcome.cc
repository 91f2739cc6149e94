// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/http_outcome.h"

#include <fmt/format.h>

#include "notifiers/channel/secret.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kExcerptRunes = 200;

std::string ReasonCode(int status) {
  if (status == 429) return "rateLimited";
  if (status == 401 || status == 403) return "authError";
  return status >= 500 ? "serverError" : "clientError";
}

constexpr size_t kAnswerBytes = 256;

// At most that many bytes, whole code points.
std::string Begin(const std::string& text) {
  std::string out = text;
  for (size_t runes = RuneCount(out); out.size() > kAnswerBytes; --runes) {
    out = std::string(RunePrefix(out, runes - 1));
  }
  return out;
}

bool IsTransient(int status) { return status >= 500 || status == 408 || status == 429; }

}  // namespace

std::string Excerpt(const HttpClientRequest& request, std::string_view text) {
  std::string line(text);
  for (const std::string& secret : {request.url, request.basic_password, request.bearer_token}) {
    line = Redacted(std::move(line), secret);
  }
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return std::string(RunePrefix(Trim(line), kExcerptRunes));
}

SendResult HttpOutcome(const HttpClientRequest& request,
                       const StatusOr<HttpClientResponse>& response, Nanos now) {
  if (!response.ok()) {
    const std::string reason = Excerpt(request, Message(response.status()));
    if (absl::IsInvalidArgument(response.status())) return SendResult::Rejected(reason, "other");
    const bool late = absl::IsDeadlineExceeded(response.status());
    return SendResult::Retry(reason, late ? "contextDeadlineExceeded" : "other");
  }
  const int status = response->status;
  const std::string body = Excerpt(request, response->body);
  const std::string reason =
      body.empty() ? fmt::format("HTTP {}", status) : fmt::format("HTTP {}: {}", status, body);
  SendResult result = SendResult::Delivered();
  if (IsTransient(status)) {
    result = SendResult::Retry(reason, ReasonCode(status),
                               ParseRetryAfter(response->Header("retry-after"), now));
  } else if (status < 200 || status >= 300) {
    result = SendResult::Rejected(reason, ReasonCode(status));
  }
  result.status = status;
  result.answer = Begin(body);
  return result;
}

SendResult NotSendable(const Status& status) {
  if (absl::IsUnavailable(status)) return SendResult::Retry(Message(status), "other");
  return SendResult::Rejected(Message(status), "other");
}

}  // namespace outrider
