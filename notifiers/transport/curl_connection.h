// SPDX-License-Identifier: Apache-2.0
// How a call reaches its server, as options of a curl handle: TLS, proxies, the address guard.
// Internal to this room.
#pragma once

#include <optional>
#include <string>

#include "notifiers/transport/address_guard.h"
#include "notifiers/transport/curl_handle.h"
#include "notifiers/transport/curl_url.h"
#include "notifiers/transport/http_client.h"
#include "notifiers/transport/tls_options.h"
#include "storage/base/status.h"

namespace outrider {

// InvalidArgument: an unknown TLS version. `verify` false keeps the certificate unchecked whatever
// the options say.
Status SetTls(CURL* curl, const TlsOptions& tls, bool verify);

// The options of one call. Stays where it is until the call has ended: the handle refers to it.
class CurlConnection {
 public:
  CurlConnection() = default;
  CurlConnection(const CurlConnection&) = delete;
  CurlConnection& operator=(const CurlConnection&) = delete;

  // Sets URL, TLS, proxy and guard. `request` outlives the call. InvalidArgument: options that
  // cannot be met.
  Status Apply(CURL* curl, const HttpClientRequest& request);
  // The Host header to send, "" for the URL's own.
  const std::string& host_header() const { return host_header_; }
  // Why the guard ended the call; "" when it did not.
  const std::string& refused() const { return refused_; }

 private:
  Status SetProxy(CURL* curl, const HttpClientRequest& request);
  Status SetGuard(CURL* curl, const HttpClientRequest& request);
  bool Refuses(const StatusOr<IpAddress>& address);
  static curl_socket_t OnOpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int OnConnected(void* self, char* remote, char* local, int remote_port, int local_port);

  std::optional<AddressGuard> guard_;
  std::string refused_;
  bool passed_ = false;  // an address was let through, and there is no connection yet
  std::string host_header_;
  CurlList connect_to_;
  CurlList proxy_headers_;
};

}  // namespace outrider
