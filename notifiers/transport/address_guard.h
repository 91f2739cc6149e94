// SPDX-License-Identifier: Apache-2.0
// Which addresses a target that was entered through the API may lead to: none of this machine, of
// the private networks and the like, whatever name or redirect points there. Asked for the address
// of every connection, so that a name that changes its address between two look-ups gains nothing.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"

namespace outrider {

// An IPv4 address is kept as its mapped form ::ffff:a.b.c.d, so that both spellings are one.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

// `127.0.0.1`, `::1`, `fe80::1%eth0` (the zone is dropped); no brackets.
StatusOr<IpAddress> ParseIpAddress(std::string_view text);
StatusOr<IpAddress> SocketAddress(const sockaddr& address);
std::string IpAddressText(const IpAddress& address);

struct IpNetwork {
  IpAddress address;
  int bits = 128;  // of the mapped form: an IPv4 /8 is 104
  bool Contains(const IpAddress& other) const;
};
// `10.0.0.0/8`, `fd00::/8`, or an address alone.
StatusOr<IpNetwork> ParseIpNetwork(std::string_view text);

// Why an address must not be connected to ("127.0.0.1 is a loopback address"), or "" when it may.
// Addresses that carry an IPv4 address inside (mapped, NAT64, 6to4, compatible) are judged by it
// too.
std::string RefusedAddress(const IpAddress& address, std::span<const IpNetwork> allowed);

// Pure, immutable, thread-safe.
class AddressGuard {
 public:
  // InvalidArgument names the network that cannot be read.
  static StatusOr<AddressGuard> Make(std::span<const std::string> allowed_networks);
  std::string Refused(const IpAddress& address) const { return RefusedAddress(address, allowed_); }

 private:
  std::vector<IpNetwork> allowed_;
};

}  // namespace outrider
