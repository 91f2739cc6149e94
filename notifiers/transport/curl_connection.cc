// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/curl_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "notifiers/transport/proxy_choice.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

struct TlsVersion {
  std::string_view name;
  long lowest;
  long highest;
};
constexpr TlsVersion kVersions[] = {
    {"TLS10", CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_MAX_TLSv1_0},
    {"TLS11", CURL_SSLVERSION_TLSv1_1, CURL_SSLVERSION_MAX_TLSv1_1},
    {"TLS12", CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_MAX_TLSv1_2},
    {"TLS13", CURL_SSLVERSION_TLSv1_3, CURL_SSLVERSION_MAX_TLSv1_3},
};

StatusOr<TlsVersion> FindVersion(const std::string& name) {
  for (const TlsVersion& version : kVersions) {
    if (version.name == name) return version;
  }
  return InvalidArgument("unknown TLS version: " + name);
}

Status SetVersions(CURL* curl, const TlsOptions& tls) {
  const TlsVersion lowest = TRY(FindVersion(tls.min_version.empty() ? "TLS12" : tls.min_version));
  long range = lowest.lowest;
  if (!tls.max_version.empty()) range |= TRY(FindVersion(tls.max_version)).highest;
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, range);
  // OpenSSL's default level knows no cipher for what is older.
  if (lowest.name < "TLS12") {
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT:@SECLEVEL=0");
  }
  return absl::OkStatus();
}

// The library keeps a copy.
void SetBlob(CURL* curl, CURLoption option, const std::string& pem) {
  curl_blob blob{};
  blob.data = const_cast<char*>(pem.data());
  blob.len = pem.size();
  blob.flags = CURL_BLOB_COPY;
  curl_easy_setopt(curl, option, &blob);
}

}  // namespace

Status SetTls(CURL* curl, const TlsOptions& tls, bool verify) {
  const bool checked = verify && !tls.insecure_skip_verify;
  TRY(SetVersions(curl, tls));
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L);
  if (!tls.ca_pem.empty()) {
    SetBlob(curl, CURLOPT_CAINFO_BLOB, tls.ca_pem);
  } else if (!tls.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, tls.ca_file.c_str());
    // libcurl would keep the file's authorities for a day.
    curl_easy_setopt(curl, CURLOPT_CA_CACHE_TIMEOUT, 0L);
  }
  // As in Go, what is configured is the only authority.
  if (!tls.ca_pem.empty() || !tls.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
  if (!tls.cert_pem.empty()) {
    SetBlob(curl, CURLOPT_SSLCERT_BLOB, tls.cert_pem);
  } else if (!tls.cert_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, tls.cert_file.c_str());
  }
  if (!tls.key_pem.empty()) {
    SetBlob(curl, CURLOPT_SSLKEY_BLOB, tls.key_pem);
  } else if (!tls.key_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_SSLKEY, tls.key_file.c_str());
  }
  return absl::OkStatus();
}

Status CurlConnection::Apply(CURL* curl, const HttpClientRequest& request) {
  std::string url = request.url;
  if (!request.server_name.empty() && ToLower(url).starts_with("https:")) {
    const RenamedUrl renamed = TRY(RenameServer(url, request.server_name));
    url = renamed.url;
    host_header_ = renamed.host;
    connect_to_.Add(renamed.connect_to);
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, connect_to_.get());
  }
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(
      curl, CURLOPT_HTTP_VERSION,
      request.enable_http2 ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_1_1});
  TlsOptions tls;
  tls.insecure_skip_verify = request.insecure_skip_verify;
  tls.ca_file = request.ca_file;
  tls.cert_file = request.cert_file;
  tls.key_file = request.key_file;
  tls.ca_pem = request.ca_pem;
  tls.cert_pem = request.cert_pem;
  tls.key_pem = request.key_pem;
  tls.min_version = request.min_tls_version;
  tls.max_version = request.max_tls_version;
  TRY(SetTls(curl, tls, true));
  TRY(SetProxy(curl, request));
  return SetGuard(curl, request);
}

Status CurlConnection::SetProxy(CURL* curl, const HttpClientRequest& request) {
  for (const auto& [name, value] : request.proxy_headers) {
    if (name.empty() || HasControlBytes(name) || HasControlBytes(value) || Contains(name, ":")) {
      return InvalidArgument(
          fmt::format("proxy header {} holds a line break or the like", Quote(name)));
    }
    proxy_headers_.Add(fmt::format("{}: {}", name, value));
  }
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE});
  if (!request.proxy_headers.empty()) {
    curl_easy_setopt(curl, CURLOPT_PROXYHEADER, proxy_headers_.get());
  }
  // "" keeps the environment's out; which URLs go past a proxy is Go's rule, not libcurl's.
  curl_easy_setopt(curl, CURLOPT_PROXY, TRY(ProxyOf(request)).c_str());
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
  return absl::OkStatus();
}

Status CurlConnection::SetGuard(CURL* curl, const HttpClientRequest& request) {
  if (!request.guard_address) return absl::OkStatus();
  if (!request.proxy_url.empty() || request.proxy_from_environment) {
    return InvalidArgument("addresses cannot be guarded behind a proxy, which resolves the names");
  }
  guard_ = TRY(AddressGuard::Make(request.allowed_networks));
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OnOpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, this);
  // A connection that another, unguarded call has left open is not opened anew.
  curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, OnConnected);
  curl_easy_setopt(curl, CURLOPT_PREREQDATA, this);
  return absl::OkStatus();
}

bool CurlConnection::Refuses(const StatusOr<IpAddress>& address) {
  const std::string why = address.ok() ? guard_->Refused(*address) : Message(address.status());
  if (why.empty()) return false;
  refused_ = why;
  return true;
}

curl_socket_t CurlConnection::OnOpenSocket(void* self, curlsocktype /*purpose*/,
                                           curl_sockaddr* address) {
  auto* connection = static_cast<CurlConnection*>(self);
  if (connection->Refuses(SocketAddress(address->addr))) {
    // What becomes of another address of the name counts.
    if (connection->passed_) connection->refused_.clear();
    return CURL_SOCKET_BAD;
  }
  connection->passed_ = true;
  connection->refused_.clear();
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int CurlConnection::OnConnected(void* self, char* remote, char* /*local*/, int /*remote_port*/,
                                int /*local_port*/) {
  auto* connection = static_cast<CurlConnection*>(self);
  if (connection->Refuses(ParseIpAddress(remote))) return CURL_PREREQFUNC_ABORT;
  connection->passed_ = false;
  return CURL_PREREQFUNC_OK;
}

}  // namespace outrider
