// SPDX-License-Identifier: Apache-2.0
// URLs, taken apart as libcurl does when it calls them. Internal to this room.
#pragma once

#include <string>

#include "storage/base/status.h"

namespace outrider {

struct UrlPlace {
  std::string scheme;  // in lower case
  std::string host;    // in lower case; IPv6 without brackets
  std::string port;    // the scheme's, if the URL names none
};
// InvalidArgument: not a URL.
StatusOr<UrlPlace> PlaceOf(const std::string& url);

// A URL whose TLS name is another than its host: `url` names the server by `server_name`, and
// `connect_to` leads to where it really is.
struct RenamedUrl {
  std::string url;
  std::string host;        // the Host header: what stood in the URL
  std::string connect_to;  // for CURLOPT_CONNECT_TO
};
StatusOr<RenamedUrl> RenameServer(const std::string& url, const std::string& server_name);

}  // namespace outrider
