// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/curl_url.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "notifiers/transport/public_url.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string UrlPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string out(text);
  curl_free(text);
  return out;
}

using Url = std::unique_ptr<CURLU, UrlDeleter>;

StatusOr<Url> Parse(const std::string& url) {
  Url parsed(curl_url());
  if (parsed == nullptr) return Internal("libcurl cannot make a URL");
  // smtp is known to the parser, too.
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return InvalidArgument(fmt::format("{}: not a URL", PublicPart(url)));
  }
  return parsed;
}

}  // namespace

StatusOr<UrlPlace> PlaceOf(const std::string& url) {
  const Url parsed = TRY(Parse(url));
  UrlPlace place;
  place.scheme = ToLower(UrlPart(parsed.get(), CURLUPART_SCHEME));
  place.host = ToLower(UrlPart(parsed.get(), CURLUPART_HOST));
  place.port = UrlPart(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (place.host.starts_with('[') && place.host.ends_with(']')) {
    place.host = place.host.substr(1, place.host.size() - 2);
  }
  return place;
}

StatusOr<RenamedUrl> RenameServer(const std::string& url, const std::string& server_name) {
  const Url parsed = TRY(Parse(url));
  const std::string host = UrlPart(parsed.get(), CURLUPART_HOST);
  const std::string port = UrlPart(parsed.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const std::string given_port = UrlPart(parsed.get(), CURLUPART_PORT);
  if (curl_url_set(parsed.get(), CURLUPART_HOST, server_name.c_str(), 0) != CURLUE_OK) {
    return InvalidArgument(fmt::format("{} is not a server's name", Quote(server_name)));
  }
  RenamedUrl renamed;
  renamed.url = UrlPart(parsed.get(), CURLUPART_URL);
  renamed.host = given_port.empty() ? host : fmt::format("{}:{}", host, given_port);
  renamed.connect_to = fmt::format("{}:{}:{}:{}", server_name, port, host, port);
  return renamed;
}

}  // namespace outrider
