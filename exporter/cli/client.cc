// SPDX-License-Identifier: Apache-2.0
#include "exporter/cli/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "exporter/cli/commands.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/public_url.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The text of an error answer: {"error": …}, a JSON string, or the body as it is.
std::string ErrorText(const std::string& body) {
  const auto json = ParseJson(body);
  if (json.ok() && json->kind == JsonValue::Kind::kString) return json->string;
  if (json.ok() && json->Find("error") != nullptr) return json->GetString("error");
  return std::string(Trim(body));
}

// A token, or a user and password in the URL (http://anna:secret@host:9909), which libcurl takes.
Status AddCredentials(HttpClientRequest* request) {
  const char* token = std::getenv(kTokenVariable);     // NOLINT(concurrency-mt-unsafe)
  const char* file = std::getenv(kTokenFileVariable);  // NOLINT(concurrency-mt-unsafe)
  std::string text = token == nullptr ? "" : token;
  if (file != nullptr && *file != '\0') text = TRY(ReadFile(file));
  text = std::string(Trim(text));
  if (text.empty()) return absl::OkStatus();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      return InvalidArgument("the token is no token: it holds blanks or control characters");
    }
  }
  request->headers.emplace_back("Authorization", "Bearer " + text);
  return absl::OkStatus();
}

}  // namespace

StatusOr<std::string> CallServer(const std::string& url, const std::string& method,
                                 const std::string& body, DurationMs timeout) {
  HttpClientRequest request;
  request.timeout = timeout;
  request.method = method;
  request.url = url;
  request.body = body;
  request.max_body = size_t{256} << 20;  // long lists
  if (!body.empty()) {
    request.headers.emplace_back(
        "Content-Type", body[0] == '{' ? "application/json" : "application/x-www-form-urlencoded");
  }
  TRY(AddCredentials(&request));
  const auto client = MakeCurlHttpClient();
  auto response = client->Do(request);
  if (!response.ok()) {
    return Annotate(
        response.status(),
        fmt::format("cannot reach {} (is the daemon running? --url says where)", ShownUrl(url)));
  }
  if (response->status / 100 != 2) {
    const std::string text = fmt::format("{} answered {}: {}", ShownUrl(url), response->status,
                                         ErrorText(response->body));
    return response->status == 404 ? NotFound(text) : Internal(text);
  }
  return std::move(response->body);
}

StatusOr<JsonValue> CallApi(const std::string& url, const std::string& method,
                            const std::string& body, std::string* raw) {
  std::string text = TRY(CallServer(url, method, body));
  StatusOr<JsonValue> json = ParseJson(text);
  if (raw != nullptr) *raw = std::move(text);
  return json;
}

int ShowAnswer(const ClientOptions& client, const ApiCall& call,
               const std::function<void(const JsonValue&)>& show) {
  std::string raw;
  const auto answer = CallApi(call.url, call.method, call.body, &raw);
  if (!answer.ok()) return Fail(answer.status());
  if (client.output == "json") {
    fmt::print("{}\n", raw);
  } else {
    show(*answer);
  }
  return 0;
}

std::string EncodeForm(const FormFields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (!out.empty()) out += '&';
    out += name + '=' + UrlEncodeQuery(value);
  }
  return out;
}

namespace {

// What anybody may have put into a label must not move the cursor or begin a line.
std::string Visible(const std::string& text) {
  std::string visible;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      visible += fmt::format("\\x{:02x}", byte);
    } else {
      visible += c;
    }
  }
  return visible;
}

}  // namespace

void PrintTable(const std::vector<std::string>& header,
                const std::vector<std::vector<std::string>>& texts) {
  std::vector<std::vector<std::string>> rows = texts;
  for (auto& row : rows) std::ranges::transform(row, row.begin(), Visible);
  std::vector<size_t> widths;
  widths.reserve(header.size());
  for (const auto& cell : header) widths.push_back(RuneCount(cell));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], RuneCount(row[i]));
  }
  const auto print = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - RuneCount(row[i]) + 2, ' ');
    }
    fmt::print("{}\n", line);
  };
  print(header);
  for (const auto& row : rows) print(row);
}

int Fail(const Status& status) {
  fmt::print(stderr, "outrider: {}\n", Message(status));
  return 1;
}

}  // namespace outrider
