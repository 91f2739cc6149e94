// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/redirect.h"

#include <utility>

#include "notifiers/transport/curl_url.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

bool IsSensitive(const std::string& header) {
  const std::string name = ToLower(header);
  return name == "authorization" || name == "www-authenticate" || name == "cookie" ||
         name == "cookie2";
}

bool IsBelow(const std::string& host, const std::string& parent) {
  return host == parent || host.ends_with("." + parent);
}

void DropCredentials(HttpClientRequest* request) {
  std::erase_if(request->headers, [](const auto& header) { return IsSensitive(header.first); });
  request->basic_user.clear();
  request->basic_password.clear();
  request->bearer_token.clear();
}

void MakeGet(HttpClientRequest* request) {
  if (request->method != "HEAD") request->method = "GET";
  request->body.clear();
  std::erase_if(request->headers,
                [](const auto& header) { return ToLower(header.first).starts_with("content-"); });
}

}  // namespace

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

StatusOr<HttpClientRequest> Redirected(const HttpClientRequest& first,
                                       const HttpClientRequest& last, int status, std::string url) {
  HttpClientRequest next = last;
  next.url = std::move(url);
  const UrlPlace from = TRY(PlaceOf(first.url));
  const UrlPlace to = TRY(PlaceOf(next.url));
  if (!IsBelow(to.host, from.host)) DropCredentials(&next);
  if (status != 307 && status != 308) MakeGet(&next);
  return next;
}

}  // namespace outrider
