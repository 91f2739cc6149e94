// SPDX-License-Identifier: Apache-2.0
// Parameters of a request, as Go's net/http reads them.
#include <algorithm>

#include "exporter/http/server.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxFormBytes = 10 << 20;

Status AppendPairs(std::string_view text, HttpRequest::ParamList* out) {
  if (text.empty()) return absl::OkStatus();
  for (std::string_view pair : Split(text, '&')) {
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : pair.substr(equals + 1);
    out->emplace_back(TRY(UrlDecode(name, true)), TRY(UrlDecode(value, true)));
  }
  return absl::OkStatus();
}

bool IsForm(const HttpRequest& request) {
  if (request.method != "POST" && request.method != "PUT" && request.method != "PATCH")
    return false;
  const std::string type = ToLower(request.Header("Content-Type"));
  return Trim(Split(type, ';')[0]) == "application/x-www-form-urlencoded";
}

}  // namespace

StatusOr<HttpRequest::ParamList> HttpRequest::Params() {
  if (!params_) {
    ParamList params;
    if (IsForm(*this)) {
      const std::string body = TRY(ReadBody(kMaxFormBytes));
      TRY(AppendPairs(body, &params));
    }
    TRY(AppendPairs(query, &params));
    params_ = std::move(params);
  }
  return *params_;
}

std::string HttpRequest::QueryValue(std::string_view name) const {
  ParamList params;
  if (!AppendPairs(query, &params).ok()) return "";
  const auto is_it = [name](const auto& pair) { return pair.first == name; };
  const auto found = std::ranges::find_if(params, is_it);
  return std::ranges::count_if(params, is_it) == 1 ? found->second : "";
}

bool HttpRequest::FromLoopback() const {
  const std::string_view address = remote_address;
  return address.starts_with("127.") || address == "::1" || address.starts_with("::ffff:127.") ||
         address == "localhost";
}

}  // namespace outrider
