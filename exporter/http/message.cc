// SPDX-License-Identifier: Apache-2.0
#include "exporter/http/message.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "storage/base/text.h"

namespace outrider {
namespace {

struct Reason {
  int status;
  std::string_view text;
};
constexpr Reason kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {409, "Conflict"},
    {410, "Gone"},
    {413, "Request Entity Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {499, "Client Closed Request"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
};

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// A header's value must not end the line it stands on.
std::string OneLine(std::string_view value) {
  std::string out(value);
  for (char& c : out) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return out;
}

bool IsAddress(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes;
  return inet_pton(family, text.c_str(), bytes.data()) == 1;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_';
}

// What is wrong with a host, or "". Whatever consists of digits and dots only is meant as an
// address: civetweb would let an octet above 255 run over into its neighbours.
std::string_view HostProblem(const std::string& host) {
  if (host.empty()) return "";
  if (host.starts_with('[')) {
    const bool closed = host.size() > 2 && host.ends_with(']');
    return closed && IsAddress(AF_INET6, host.substr(1, host.size() - 2))
               ? ""
               : "what is in brackets is not an IPv6 address";
  }
  if (host.find(':') != std::string::npos) return "write an IPv6 host in brackets";
  if (std::ranges::all_of(host, [](char c) { return IsDigit(c) || c == '.'; }))
    return IsAddress(AF_INET, host) ? "" : "the host is not an IPv4 address";
  return std::ranges::all_of(host, IsNameCharacter) ? "" : "the host is no address and no name";
}

}  // namespace

std::string_view StatusReason(int status) {
  for (const Reason& reason : kReasons) {
    if (reason.status == status) return reason.text;
  }
  return "Unknown";
}

std::string HttpDate(Nanos now) {
  const std::time_t seconds = now / kNanosPerSecond;
  std::tm parts = {};
  gmtime_r(&seconds, &parts);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[parts.tm_wday], parts.tm_mday,
                     kMonths[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

bool WantsKeepAlive(std::string_view connection_header, std::string_view http_version) {
  if (connection_header.empty()) return http_version == "1.1";
  const std::string lower = ToLower(connection_header);
  for (std::string_view option : Split(lower, ',')) {
    if (Trim(option) == "keep-alive") return true;
  }
  return false;
}

std::string ListenAddress::ToString() const { return fmt::format("{}:{}", host, port); }

StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return InvalidArgument(
        fmt::format("listen address \"{}\": missing port, want host:port or :port", text));
  }
  ListenAddress address;
  address.host = std::string(text.substr(0, colon));
  if (const std::string_view problem = HostProblem(address.host); !problem.empty())
    return InvalidArgument(fmt::format("listen address \"{}\": {}", text, problem));
  const StatusOr<int64_t> port = ParseInt(text.substr(colon + 1));
  if (!port.ok() || *port < 0 || *port > 65535) {
    return InvalidArgument(fmt::format("listen address \"{}\": the port must be 0 to 65535", text));
  }
  address.port = static_cast<int>(*port);
  return address;
}

std::string RenderHead(const HttpResponse& response, const HeadPlan& plan,
                       const std::string& date) {
  std::string out =
      fmt::format("HTTP/1.1 {} {}\r\n", response.status, StatusReason(response.status));
  if (!response.content_type.empty())
    out += fmt::format("Content-Type: {}\r\n", OneLine(response.content_type));
  if (!date.empty()) out += fmt::format("Date: {}\r\n", date);
  for (const auto& [name, value] : response.headers)
    out += fmt::format("{}: {}\r\n", OneLine(name), OneLine(value));
  if (plan.vary) out += "Vary: Accept-Encoding\r\n";
  if (plan.gzip) out += "Content-Encoding: gzip\r\n";
  if (plan.chunked) out += "Transfer-Encoding: chunked\r\n";
  if (plan.content_length) out += fmt::format("Content-Length: {}\r\n", *plan.content_length);
  out += plan.keep_alive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return out;
}

}  // namespace outrider
