// SPDX-License-Identifier: Apache-2.0
// Which proxy a call goes through, by the rules of Go's httpproxy, which Alertmanager's users know:
// libcurl's own differ for localhost, ports and suffixes. Internal to this room.
#pragma once

#include <string>
#include <string_view>

#include "notifiers/transport/curl_url.h"
#include "notifiers/transport/http_client.h"
#include "storage/base/status.h"

namespace outrider {

// The proxy's URL, "" for none. With `proxy_url` alone everything goes through it; with `no_proxy`
// beside it, or by the environment, this machine is reached directly, as is what is listed.
StatusOr<std::string> ProxyOf(const HttpClientRequest& request);

// Whether a list such as `example.org,.b.org,*.c.org:8080,10.0.0.0/8,[::1]:80,*` names the place.
// This machine (localhost, loopback addresses) is always named.
bool IsPastProxy(const UrlPlace& place, std::string_view no_proxy);

}  // namespace outrider
