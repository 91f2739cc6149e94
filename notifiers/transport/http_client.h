// SPDX-License-Identifier: Apache-2.0
// HTTP out, through libcurl (http_client.cc is, with smtp_client.cc, its only includer).
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct OAuth2Settings;

struct HttpClientRequest {
  std::string method = "POST";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::string> secrets;  // beside URL, password and token: not to be shown in reasons
  DurationMs timeout = 30 * kSecond;
  bool follow_redirects = true;
  std::string basic_user;  // with basic_password; none when both are empty
  std::string basic_password;
  std::string bearer_token;
  std::string proxy_url;
  bool insecure_skip_verify = false;
  std::string ca_file;
  std::string cert_file;  // client certificate and its key, PEM
  std::string key_file;
  // TLS beyond the files, empty: libcurl's defaults. PEM texts stand in place of the files.
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
  std::string server_name;                // asked for and checked in place of the URL's host
  std::string min_tls_version = "TLS12";  // TLS10, TLS11, TLS12, TLS13
  std::string max_tls_version;
  std::string no_proxy;  // hosts that are reached without proxy_url, as curl reads the list
  std::vector<std::pair<std::string, std::string>> proxy_headers;  // sent with CONNECT
  bool proxy_from_environment = false;  // HTTP_PROXY, HTTPS_PROXY, NO_PROXY; without proxy_url
  bool enable_http2 = true;
  // Refuses to connect to private, loopback, link-local and other special addresses, whatever name
  // or redirect leads there; but for these networks (CIDR).
  bool guard_address = false;
  std::vector<std::string> allowed_networks;
  // A token is fetched, kept and sent as bearer_token: by the client of oauth2.h only.
  std::shared_ptr<const OAuth2Settings> oauth2;
  // On a connection of its own although it carries an Idempotency-Key: the far side does not know
  // the key and would take a silent repeat for a second message.
  bool fresh_connection = false;
  size_t max_body = 1 << 20;  // bytes of the answer that are kept
  std::stop_token stop;       // ends the call, which is Cancelled then
};

struct HttpClientResponse {
  int status = 0;
  std::string body;  // at most max_body bytes
  bool body_cut =
      false;  // the status came, but the body broke off, came too late or was over the limit
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  // The first value of a header, "" when absent.
  std::string Header(std::string_view lower_case_name) const;
};

// Thread-safe.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any HTTP answer is ok(). Without one: DeadlineExceeded on timeout, InvalidArgument for a
  // request that cannot be sent (URL, header), else Unavailable (connection, TLS, name). Messages
  // name scheme and host, never path, query, headers or passwords.
  virtual StatusOr<HttpClientResponse> Do(const HttpClientRequest& request) = 0;
};

// Connections are kept for GET, HEAD and requests with an Idempotency-Key; any other gets a fresh
// one, because on a dead kept connection libcurl sends again without asking. Only http and https,
// also after redirects; the environment's proxies are ignored; TLS 1.2 at least.
std::unique_ptr<HttpClient> MakeCurlHttpClient();

// Seconds or an HTTP date, relative to `now`; 0 when absent or unreadable; capped at one hour.
// Milliseconds.
int64_t ParseRetryAfter(std::string_view value, Nanos now);

}  // namespace outrider
