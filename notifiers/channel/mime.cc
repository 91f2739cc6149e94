// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/mime.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxLine = 76;
constexpr std::string_view kWordStart = "=?utf-8?q?";
constexpr std::string_view kWordEnd = "?=";

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string OneLine(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\r') continue;
    out += c == '\n' || c == '\t' ? ' ' : c;
  }
  return out;
}

std::string EncodedRune(std::string_view rune) {
  std::string out;
  for (const char c : rune) {
    const bool literal = (c >= '!' && c <= '~') && c != '=' && c != '?' && c != '_';
    out += c == ' '  ? "_"
           : literal ? std::string(1, c)
                     : fmt::format("={:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// Splits at commas that stand in neither quotes nor angle brackets.
std::vector<std::string> SplitAddresses(std::string_view text) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  bool bracket = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '<' || c == '>')) bracket = c == '<';
    if (c == ',' && !quoted && !bracket) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
    if (c == '\\' && quoted && i + 1 < text.size()) parts.back() += text[++i];
  }
  return parts;
}

std::string Unquoted(std::string_view name) {
  name = Trim(name);
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return std::string(name);
  std::string out;
  for (size_t i = 1; i + 1 < name.size(); ++i) {
    if (name[i] == '\\' && i + 2 < name.size()) ++i;
    out += name[i];
  }
  return out;
}

StatusOr<MailAddress> ParseAddress(std::string_view text) {
  text = Trim(text);
  MailAddress out;
  const size_t open = text.rfind('<');
  if (open != std::string_view::npos) {
    if (text.back() != '>') return InvalidArgument(fmt::format("bad address {}", Quote(text)));
    out.name = Unquoted(text.substr(0, open));
    out.address = std::string(Trim(text.substr(open + 1, text.size() - open - 2)));
  } else {
    out.address = std::string(text);
  }
  const size_t at = out.address.rfind('@');
  const bool bad = at == std::string::npos || at == 0 || at + 1 == out.address.size() ||
                   out.address.find_first_of(" \t\r\n<>\",;") != std::string::npos;
  if (bad) return InvalidArgument(fmt::format("bad address {}", Quote(text)));
  return out;
}

// Breaks a header at blanks so that lines stay short; a longer word stays whole.
std::string Folded(const std::string& header) {
  std::string out;
  size_t line = 0;
  size_t start = 0;
  while (start < header.size()) {
    size_t end = header.find(' ', start + 1);
    if (end == std::string::npos) end = header.size();
    if (line > 0 && line + (end - start) > kMaxLine && header[start] == ' ') {
      out += "\r\n";
      line = 0;
    }
    out.append(header, start, end - start);
    line += end - start;
    start = end;
  }
  return out;
}

}  // namespace

StatusOr<std::vector<MailAddress>> ParseMailAddresses(std::string_view text) {
  std::vector<std::string> unreadable;
  auto addresses = TRY(ParseMailAddresses(text, &unreadable));
  if (!unreadable.empty()) return InvalidArgument("bad address " + Quote(unreadable[0]));
  return addresses;
}

StatusOr<std::vector<MailAddress>> ParseMailAddresses(std::string_view text,
                                                      std::vector<std::string>* unreadable) {
  std::vector<MailAddress> addresses;
  Status first_error = InvalidArgument("no address");
  for (const std::string& part : SplitAddresses(text)) {
    if (Trim(part).empty()) continue;
    StatusOr<MailAddress> address = ParseAddress(part);
    if (address.ok()) {
      addresses.push_back(*std::move(address));
      continue;
    }
    if (unreadable->empty()) first_error = address.status();
    unreadable->emplace_back(Trim(part));
  }
  if (addresses.empty()) return first_error;
  return addresses;
}

std::string FormatMailAddresses(const std::vector<MailAddress>& addresses) {
  std::vector<std::string> parts;
  for (const MailAddress& address : addresses) {
    if (address.name.empty()) {
      parts.push_back(address.address);
      continue;
    }
    std::string name = EncodeHeader(address.name);
    const bool special = name.find_first_of("()<>[]:;@\\,.\"") != std::string::npos;
    if (special && !name.starts_with(kWordStart)) name = Quote(name);
    parts.push_back(fmt::format("{} <{}>", name, address.address));
  }
  return Join(parts, ", ");
}

std::string EncodeHeader(std::string_view text) {
  std::string line = OneLine(text);
  if (IsPlain(line)) return line;
  std::string out(kWordStart);
  size_t word = out.size();
  for (std::string_view rest = line; !rest.empty();) {
    const std::string_view rune = RunePrefix(rest, 1);
    const std::string encoded = EncodedRune(rune);
    if (word + encoded.size() + kWordEnd.size() > 75) {
      out += std::string(kWordEnd) + " " + std::string(kWordStart);
      word = kWordStart.size();
    }
    out += encoded;
    word += encoded.size();
    rest.remove_prefix(rune.size());
  }
  return out + std::string(kWordEnd);
}

std::string EncodeQuotedPrintable(std::string_view text) {
  std::string out;
  size_t line = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n')) {
      if (c == '\r') ++i;
      out += "\r\n";
      line = 0;
      continue;
    }
    const bool last = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool literal = (c >= '!' && c <= '~' && c != '=') || ((c == ' ' || c == '\t') && !last);
    const std::string encoded =
        literal ? std::string(1, c) : fmt::format("={:02X}", static_cast<unsigned char>(c));
    // One byte is kept for the soft break's "=".
    if (line + encoded.size() > kMaxLine - (last ? 0 : 1)) {
      out += "=\r\n";
      line = 0;
    }
    out += encoded;
    line += encoded.size();
  }
  return out;
}

std::string FormatMail(const std::vector<std::pair<std::string, std::string>>& headers,
                       const std::vector<MailPart>& parts, const std::string& boundary) {
  std::string out;
  for (const auto& [name, value] : headers) {
    out += Folded(fmt::format("{}: {}", name, value));
    out += "\r\n";
  }
  out += fmt::format("Content-Type: multipart/alternative;\r\n boundary={}\r\n", boundary);
  out += "MIME-Version: 1.0\r\n\r\n";
  for (const MailPart& part : parts) {
    out += fmt::format(
        "--{}\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: {}\r\n\r\n", boundary,
        part.content_type);
    out += EncodeQuotedPrintable(part.text) + "\r\n";
  }
  return out + fmt::format("--{}--\r\n", boundary);
}

}  // namespace outrider
