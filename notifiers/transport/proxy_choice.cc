// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/proxy_choice.h"

#include <cstdlib>
#include <initializer_list>
#include <optional>

#include "notifiers/transport/address_guard.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// The first that is set to something.
std::string Environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    if (value != nullptr && value[0] != '\0') return value;
  }
  return "";
}

constexpr IpAddress kLoopback6{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
constexpr IpNetwork kLoopback4{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127}}, 104};

bool IsLoopback(const IpAddress& address) {
  return address == kLoopback6 || kLoopback4.Contains(address);
}

// `host` or `host:port`, with or without brackets.
struct Entry {
  std::string_view host;
  std::string_view port;
};

Entry SplitEntry(std::string_view text) {
  const size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  const bool has_port = colon != std::string_view::npos &&
                        (bracketed ? colon > 0 && text[colon - 1] == ']' : text.find(':') == colon);
  Entry entry{text, {}};
  if (has_port) entry = {text.substr(0, colon), text.substr(colon + 1)};
  if (entry.host.starts_with('[') && entry.host.ends_with(']')) {
    entry.host = entry.host.substr(1, entry.host.size() - 2);
  }
  return entry;
}

bool Names(const Entry& entry, const UrlPlace& place, const std::optional<IpAddress>& address) {
  if (!entry.port.empty() && entry.port != place.port) return false;
  if (const auto listed = ParseIpAddress(entry.host); listed.ok()) {
    return address && *listed == *address;
  }
  std::string_view host = entry.host;
  if (host.empty()) return false;
  if (host.starts_with("*.")) host.remove_prefix(1);
  if (host.starts_with('.')) return place.host.ends_with(host);
  return place.host == host || place.host.ends_with("." + std::string(host));
}

}  // namespace

bool IsPastProxy(const UrlPlace& place, std::string_view no_proxy) {
  if (place.host == "localhost") return true;
  std::optional<IpAddress> address;
  if (const auto parsed = ParseIpAddress(place.host); parsed.ok()) address = *parsed;
  if (address && IsLoopback(*address)) return true;
  for (const std::string_view part : Split(no_proxy, ',')) {
    const std::string text = ToLower(Trim(part));
    if (text == "*") return true;
    if (Contains(text, "/")) {
      const auto network = ParseIpNetwork(text);
      if (network.ok() && address && network->Contains(*address)) return true;
      continue;
    }
    if (Names(SplitEntry(text), place, address)) return true;
  }
  return false;
}

StatusOr<std::string> ProxyOf(const HttpClientRequest& request) {
  if (!request.proxy_from_environment) {
    if (request.proxy_url.empty() || request.no_proxy.empty()) return request.proxy_url;
    return IsPastProxy(TRY(PlaceOf(request.url)), request.no_proxy) ? "" : request.proxy_url;
  }
  const UrlPlace place = TRY(PlaceOf(request.url));
  std::string proxy = place.scheme == "https" ? Environment({"HTTPS_PROXY", "https_proxy"})
                                              : Environment({"HTTP_PROXY", "http_proxy"});
  if (proxy.empty()) return proxy;
  return IsPastProxy(place, Environment({"NO_PROXY", "no_proxy"})) ? "" : proxy;
}

}  // namespace outrider
