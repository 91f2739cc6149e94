// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/http_outcome.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/channel/secret.h"
#include "notifiers/transport/public_url.h"
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
constexpr size_t kMinToken = 8;  // shorter parts of a URL are words, not secrets

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

std::vector<std::string> SecretPartsOf(const std::string& url) {
  std::vector<std::string> parts;
  const size_t scheme = url.find("://");
  const size_t path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  if (path == std::string::npos) return parts;
  if (path + 1 < url.size()) parts.push_back(url.substr(path));
  std::string_view rest = std::string_view(url).substr(path);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find_first_of("/?&=#"), rest.size());
    if (end >= kMinToken) parts.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts;
}

std::string WithoutSecrets(const HttpClientRequest& request, std::string text) {
  const std::string user = UserInfoOf(request.url);
  std::vector<std::string> secrets = {request.url, request.basic_password, request.bearer_token,
                                      user.substr(user.find(':') + 1)};
  // As they are sent: an answer may quote the request.
  if (!request.basic_password.empty()) {
    secrets.push_back(Base64Encode(request.basic_user + ":" + request.basic_password));
  }
  if (!user.empty()) secrets.push_back(Base64Encode(user));
  secrets.insert(secrets.end(), request.secrets.begin(), request.secrets.end());
  for (const auto& [name, value] : request.headers) {
    if (ToLower(name) == "authorization") secrets.push_back(value.substr(value.find(' ') + 1));
  }
  for (const std::string& secret : secrets) text = Redacted(std::move(text), secret);
  return text;
}

std::string Excerpt(const HttpClientRequest& request, std::string_view text) {
  std::string line = WithoutSecrets(request, std::string(text));
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
