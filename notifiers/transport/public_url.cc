// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/public_url.h"

#include <algorithm>
#include <string_view>

#include "storage/base/text.h"

namespace outrider {
namespace {

struct UrlParts {
  std::string_view scheme;  // with its ://
  std::string_view user;    // with its @
  std::string_view host;    // with its port
  std::string_view path;
};

bool IsPort(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Where the host begins. A password with a `/` in it that nobody escaped makes the part before the
// slash look like `host:port`; it is told by its port, which is no number.
size_t HostBegin(std::string_view url, size_t begin, size_t end) {
  const std::string_view authority = url.substr(begin, end - begin);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) return begin + at + 1;
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos || authority.ends_with(']')) return begin;
  const size_t at = url.rfind('@');
  if (IsPort(authority.substr(colon + 1)) || at == std::string_view::npos) return begin;
  return at + 1;
}

// Nothing for a text without a scheme.
UrlParts PartsOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto end_from = [&](size_t from) {
    return std::min(url.find_first_of("/?#", from), url.size());
  };
  const size_t begin = HostBegin(url, scheme + 3, end_from(scheme + 3));
  const size_t end = end_from(begin);
  const size_t path_end = std::min(url.find_first_of("?#", end), url.size());
  return {url.substr(0, scheme + 3), url.substr(scheme + 3, begin - scheme - 3),
          url.substr(begin, end - begin), url.substr(end, path_end - end)};
}

constexpr const char* kNoScheme = "URL without a scheme";

}  // namespace

std::string PublicPart(const std::string& url) {
  const UrlParts parts = PartsOf(url);
  if (parts.scheme.empty()) return kNoScheme;
  return std::string(parts.scheme).append(parts.host);
}

std::string ShownUrl(const std::string& url) {
  const UrlParts parts = PartsOf(url);
  if (parts.scheme.empty()) return kNoScheme;
  return std::string(parts.scheme).append(parts.host).append(parts.path);
}

std::string UserInfoOf(const std::string& url) {
  std::string_view user = PartsOf(url).user;
  if (!user.empty()) user.remove_suffix(1);
  auto decoded = UrlDecode(user, /*plus_is_blank=*/false);
  return decoded.ok() ? *std::move(decoded) : std::string(user);
}

}  // namespace outrider
