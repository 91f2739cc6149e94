// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/external_url.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

namespace outrider {

std::string ExternalUrl(const std::string& given, const std::string& listen_address,
                        const std::string& route_prefix, const std::string& machine) {
  if (!given.empty()) {
    std::string url = given;
    while (url.ends_with('/')) url.pop_back();
    return url;
  }
  const std::string address = listen_address.empty() ? ":9909" : listen_address;
  const size_t colon = address.rfind(':');
  std::string host = colon == std::string::npos ? address : address.substr(0, colon);
  if (host.empty() || host == "0.0.0.0" || host == "[::]" || host == "*") {
    host = machine.empty() ? "localhost" : machine;
  }
  const std::string port = colon == std::string::npos ? "9909" : address.substr(colon + 1);
  return fmt::format("http://{}:{}{}", host, port, route_prefix);
}

std::string MachineHostName() {
  std::array<char, 256> buffer = {};
  return gethostname(buffer.data(), buffer.size() - 1) == 0 ? buffer.data() : "";
}

}  // namespace outrider
