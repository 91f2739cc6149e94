// SPDX-License-Identifier: Apache-2.0
// The small pure parts of HTTP/1.1 that the server needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "exporter/http/server.h"

namespace outrider {

std::string_view StatusReason(int status);  // "Not Found"
std::string HttpDate(Nanos now);            // "Sat, 21 Nov 2026 09:24:07 GMT"

// Whether the connection stays open by the client's wish: a Connection header must say keep-alive;
// without one HTTP/1.1 stays open. The same rule as civetweb's, which acts on it.
bool WantsKeepAlive(std::string_view connection_header, std::string_view http_version);

struct ListenAddress {
  std::string host;  // "" for all interfaces
  int port = 0;
  // IPv6 hosts in brackets, as they are written.
  std::string ToString() const;
};
// `host:port`, `:port`, `[::1]:port`; the host is an IPv4 address, an IPv6 address in brackets or a
// name (not looked up here). The error names the text.
StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// How the body goes out.
struct HeadPlan {
  bool gzip = false;
  bool vary = false;  // gzip depends on Accept-Encoding
  bool chunked = false;
  bool keep_alive = true;
  std::optional<size_t> content_length;
};
// Status line and headers with the empty line behind them. `date` may be empty.
std::string RenderHead(const HttpResponse& response, const HeadPlan& plan, const std::string& date);

}  // namespace outrider
