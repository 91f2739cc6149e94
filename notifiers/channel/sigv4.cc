// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "storage/base/crypto.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

bool IsUnreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

// RFC 3986: everything but the unreserved, in upper-case hex.
std::string UriEncode(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c) || (keep_slash && c == '/')) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

struct UrlParts {
  std::string host;
  std::string path;
  std::string query;
};

UrlParts PartsOf(const std::string& url) {
  UrlParts parts;
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t path = std::min(url.find_first_of("/?#", host), url.size());
  parts.host = url.substr(host, path - host);
  const size_t at = parts.host.rfind('@');
  if (at != std::string::npos) parts.host.erase(0, at + 1);
  const std::string_view default_port = url.starts_with("https:") ? ":443" : ":80";
  if (parts.host.ends_with(default_port)) {
    parts.host.resize(parts.host.size() - default_port.size());
  }
  const std::string rest = url.substr(path, url.find('#', path) - path);
  const size_t question = std::min(rest.find('?'), rest.size());
  parts.path = rest.substr(0, question);
  if (parts.path.empty()) parts.path = "/";
  if (question < rest.size()) parts.query = rest.substr(question + 1);
  return parts;
}

// Names and values decoded, sorted, encoded again.
std::string CanonicalQuery(const std::string& query) {
  if (query.empty()) return "";
  std::vector<std::string> pairs;
  for (const std::string_view pair : Split(query, '&')) {
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : "";
    const auto decoded = [](std::string_view text) {
      const auto plain = UrlDecode(text, false);
      return UriEncode(plain.ok() ? *plain : std::string(text), false);
    };
    pairs.push_back(decoded(pair.substr(0, equals)) + "=" + decoded(value));
  }
  std::sort(pairs.begin(), pairs.end());
  return Join(pairs, "&");
}

// Inner runs of blanks are one.
std::string CanonicalValue(std::string_view value) {
  std::string out;
  for (const char c : Trim(value)) {
    if (c != ' ' || !out.ends_with(' ')) out += c;
  }
  return out;
}

std::string CompactTime(Nanos now) {
  std::string text = FormatRfc3339(now - now % kNanosPerSecond);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> SigV4Headers(const SigV4Request& request,
                                                              const AwsCredentials& credentials,
                                                              std::string_view region,
                                                              std::string_view service, Nanos now) {
  const UrlParts url = PartsOf(request.url);
  const std::string time = CompactTime(now);
  const std::string date = time.substr(0, 8);
  std::vector<std::pair<std::string, std::string>> added = {{"X-Amz-Date", time}};
  if (!credentials.session_token.empty()) {
    added.emplace_back("X-Amz-Security-Token", credentials.session_token);
  }
  std::map<std::string, std::string> headers = {{"host", url.host}};
  for (const auto* list : {&request.headers, &std::as_const(added)}) {
    for (const auto& [name, value] : *list) headers[ToLower(name)] = CanonicalValue(value);
  }
  std::string lines;
  std::vector<std::string> names;
  names.reserve(headers.size());
  for (const auto& [name, value] : headers) {
    lines += name + ":" + value + "\n";
    names.push_back(name);
  }
  const std::string signed_headers = Join(names, ";");
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, UriEncode(url.path, true),
                  CanonicalQuery(url.query), lines, signed_headers, Sha256Hex(request.body));
  const std::string scope = fmt::format("{}/{}/{}/aws4_request", date, region, service);
  const std::string to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, scope, Sha256Hex(canonical));
  std::string key = HmacSha256("AWS4" + credentials.secret_key, date);
  for (const std::string_view part : {region, service, std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  added.emplace_back("Authorization",
                     fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                 credentials.access_key, scope, signed_headers,
                                 HexEncode(HmacSha256(key, to_sign))));
  return added;
}

}  // namespace outrider
