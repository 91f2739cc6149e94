// SPDX-License-Identifier: Apache-2.0
// The special networks are those of the IANA registries for special-purpose IPv4 and IPv6
// addresses that do not lead into the open Internet.
#include "notifiers/transport/address_guard.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

struct SpecialNetwork {
  std::array<uint8_t, 16> prefix;
  int bits;
  const char* what;
};

constexpr std::array<uint8_t, 16> V4(uint8_t a, uint8_t b = 0, uint8_t c = 0, uint8_t d = 0) {
  return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d};
}
constexpr std::array<uint8_t, 16> V6(uint16_t a, uint16_t b = 0, uint16_t c = 0) {
  return {static_cast<uint8_t>(a >> 8), static_cast<uint8_t>(a),      static_cast<uint8_t>(b >> 8),
          static_cast<uint8_t>(b),      static_cast<uint8_t>(c >> 8), static_cast<uint8_t>(c)};
}

constexpr SpecialNetwork kSpecial[] = {
    {V4(0), 104, "an address of this network"},
    {V4(10), 104, "a private address"},
    {V4(100, 64), 106, "an address of a carrier's NAT"},
    {V4(127), 104, "a loopback address"},
    {V4(169, 254), 112, "a link-local address"},
    {V4(172, 16), 108, "a private address"},
    {V4(192, 0, 0), 120, "a special address"},
    {V4(192, 0, 2), 120, "an address for examples"},
    {V4(192, 88, 99), 120, "a relay address"},
    {V4(192, 168), 112, "a private address"},
    {V4(198, 18), 111, "an address for benchmarks"},
    {V4(198, 51, 100), 120, "an address for examples"},
    {V4(203, 0, 113), 120, "an address for examples"},
    {V4(224), 100, "a multicast address"},
    {V4(240), 100, "a reserved address"},
    {V6(0x0100), 64, "a discard address"},
    {V6(0x2001), 23, "a special address"},
    {V6(0x2001, 0x0DB8), 32, "an address for examples"},
    {V6(0x3FFF), 20, "an address for examples"},
    {V6(0x5F00), 16, "a special address"},
    {V6(0xFC00), 7, "a private address"},
    {V6(0xFE80), 10, "a link-local address"},
    {V6(0xFEC0), 10, "a site-local address"},
    {V6(0xFF00), 8, "a multicast address"},
    {V6(0x0064, 0xFF9B, 0x0001), 48, "a private translation address"},
};

IpAddress FromV4(const uint8_t* bytes) {
  IpAddress address;
  std::ranges::copy(kMappedPrefix, address.bytes.begin());
  std::copy_n(bytes, 4, address.bytes.begin() + 12);
  return address;
}

bool HasPrefix(const IpAddress& address, const std::array<uint8_t, 16>& prefix, int bits) {
  const int whole = bits / 8;
  if (!std::equal(prefix.begin(), prefix.begin() + whole, address.bytes.begin())) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFF << (8 - rest));
  const auto at = static_cast<size_t>(whole);
  return (address.bytes[at] & mask) == (prefix[at] & mask);
}

bool IsV4(const IpAddress& address) {
  return std::ranges::equal(kMappedPrefix, std::span(address.bytes).first(12));
}

// The IPv4 address that an IPv6 address of a transition mechanism leads to.
std::optional<IpAddress> Embedded(const IpAddress& address) {
  if (HasPrefix(address, V6(0x0064, 0xFF9B), 96)) return FromV4(&address.bytes[12]);  // NAT64
  if (HasPrefix(address, V6(0x2002), 16)) return FromV4(&address.bytes[2]);           // 6to4
  const bool compatible = HasPrefix(address, V6(0), 96);  // ::a.b.c.d, :: and ::1 too
  return compatible ? std::optional(FromV4(&address.bytes[12])) : std::nullopt;
}

std::string_view WhatIs(const IpAddress& address) {
  const IpAddress loopback{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
  if (address == loopback) return "a loopback address";
  if (address == IpAddress{}) return "an address of this network";
  for (const SpecialNetwork& special : kSpecial) {
    if (HasPrefix(address, special.prefix, special.bits)) return special.what;
  }
  return "";
}

}  // namespace

StatusOr<IpAddress> ParseIpAddress(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, plain.c_str(), v4.data()) == 1) return FromV4(v4.data());
  IpAddress v6;
  if (inet_pton(AF_INET6, plain.c_str(), v6.bytes.data()) == 1) return v6;
  return InvalidArgument(fmt::format("{} is not an IP address", Quote(text)));
}

std::string IpAddressText(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (IsV4(address)) {
    inet_ntop(AF_INET, &address.bytes[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  }
  return text.data();
}

bool IpNetwork::Contains(const IpAddress& other) const {
  return HasPrefix(other, address.bytes, bits);
}

StatusOr<IpNetwork> ParseIpNetwork(std::string_view text) {
  const size_t slash = text.find('/');
  IpNetwork network;
  network.address = TRY(ParseIpAddress(text.substr(0, slash)));
  if (slash == std::string_view::npos) return network;
  const bool v4 = IsV4(network.address) && !Contains(text.substr(0, slash), ":");
  const auto bits = ParseInt(text.substr(slash + 1));
  if (!bits.ok() || *bits < 0 || *bits > (v4 ? 32 : 128)) {
    return InvalidArgument(fmt::format("{} is not a network: a length of 0 to {} is wanted",
                                       Quote(text), v4 ? 32 : 128));
  }
  network.bits = static_cast<int>(*bits) + (v4 ? 96 : 0);
  return network;
}

std::string RefusedAddress(const IpAddress& address, std::span<const IpNetwork> allowed) {
  const auto is_allowed = [&](const IpAddress& candidate) {
    return std::ranges::any_of(
        allowed, [&](const IpNetwork& network) { return network.Contains(candidate); });
  };
  if (is_allowed(address)) return "";
  std::string_view what = WhatIs(address);
  const std::optional<IpAddress> inner = Embedded(address);
  if (what.empty() && inner && !is_allowed(*inner)) what = WhatIs(*inner);
  if (what.empty()) return "";
  return fmt::format("{} is {}", IpAddressText(address), what);
}

StatusOr<AddressGuard> AddressGuard::Make(std::span<const std::string> allowed_networks) {
  AddressGuard guard;
  for (const std::string& text : allowed_networks) {
    guard.allowed_.push_back(TRY(ParseIpNetwork(text)));
  }
  return guard;
}

StatusOr<IpAddress> SocketAddress(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    IpAddress mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}};
    std::memcpy(&mapped.bytes[12], &v4.sin_addr, 4);
    return mapped;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    IpAddress out;
    std::memcpy(out.bytes.data(), &v6.sin6_addr, 16);
    return out;
  }
  return InvalidArgument("an address of an unknown family");
}

}  // namespace outrider
