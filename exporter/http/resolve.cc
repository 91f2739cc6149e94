// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/resolve.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace outrider {
namespace {

Status NoIpv6(const ListenAddress& address) {
  return InvalidArgument(
      fmt::format("cannot listen on {}: the HTTP library of this build has no IPv6; listen on an "
                  "IPv4 address and put a proxy in front for IPv6",
                  address.ToString()));
}

// The numeric host of one answer; IPv6 in brackets.
std::string NumericHost(const addrinfo& found) {
  std::array<char, NI_MAXHOST> text = {};
  if (getnameinfo(found.ai_addr, found.ai_addrlen, text.data(), text.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0)
    return "";
  return found.ai_family == AF_INET6 ? fmt::format("[{}]", text.data()) : text.data();
}

bool IsNumeric(const std::string& host) {
  in_addr bytes = {};
  return host.empty() || host.starts_with('[') || inet_pton(AF_INET, host.c_str(), &bytes) == 1;
}

}  // namespace

StatusOr<ListenAddress> Resolve(const ListenAddress& address, bool has_ipv6) {
  if (address.host.starts_with('[') && !has_ipv6) return NoIpv6(address);
  if (IsNumeric(address.host)) return address;
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int error = getaddrinfo(address.host.c_str(), nullptr, &hints, &first);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(first, &freeaddrinfo);
  if (error != 0) {
    return InvalidArgument(fmt::format("cannot listen on {}: the host cannot be resolved: {}",
                                       address.ToString(), gai_strerror(error)));
  }
  std::string ipv6;
  for (const addrinfo* found = all.get(); found != nullptr; found = found->ai_next) {
    if (found->ai_family == AF_INET) return ListenAddress{NumericHost(*found), address.port};
    if (found->ai_family == AF_INET6 && ipv6.empty()) ipv6 = NumericHost(*found);
  }
  if (!has_ipv6) return NoIpv6(address);
  return ListenAddress{ipv6, address.port};
}

}  // namespace outrider
