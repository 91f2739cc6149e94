// SPDX-License-Identifier: Apache-2.0
#include "rules/template/html_entity.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "rules/template/format_spec.h"

namespace outrider::tmpl {
namespace {

struct Entity {
  std::string text;  // what it stands for; "" where there is none
  size_t read = 0;
};

// All names of the HTML standard for one ASCII character.
constexpr std::array<std::pair<std::string_view, char>, 45> kNames = {{
    {"AMP", '&'},      {"DiacriticalGrave", '`'},
    {"GT", '>'},       {"Hat", '^'},
    {"LT", '<'},       {"NewLine", '\n'},
    {"QUOT", '"'},     {"Tab", '\t'},
    {"UnderBar", '_'}, {"VerticalLine", '|'},
    {"amp", '&'},      {"apos", '\''},
    {"ast", '*'},      {"bsol", '\\'},
    {"colon", ':'},    {"comma", ','},
    {"commat", '@'},   {"dollar", '$'},
    {"equals", '='},   {"excl", '!'},
    {"grave", '`'},    {"gt", '>'},
    {"lbrace", '{'},   {"lbrack", '['},
    {"lcub", '{'},     {"lowbar", '_'},
    {"lpar", '('},     {"lsqb", '['},
    {"lt", '<'},       {"midast", '*'},
    {"num", '#'},      {"percnt", '%'},
    {"period", '.'},   {"plus", '+'},
    {"quest", '?'},    {"quot", '"'},
    {"rbrace", '}'},   {"rbrack", ']'},
    {"rcub", '}'},     {"rpar", ')'},
    {"rsqb", ']'},     {"semi", ';'},
    {"sol", '/'},      {"verbar", '|'},
    {"vert", '|'},
}};
// These are known without their semicolon.
constexpr std::array<std::string_view, 8> kOldNames = {"AMP", "GT", "LT", "QUOT",
                                                       "amp", "gt", "lt", "quot"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The value of a digit, 16 for none.
uint32_t DigitOf(char c) {
  if (IsDigit(c)) return static_cast<uint32_t>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? static_cast<uint32_t>(lower - 'a' + 10) : 16;
}

// `text` begins with &#.
Entity Number(std::string_view text) {
  const bool hex = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const uint32_t base = hex ? 16 : 10;
  const size_t first = hex ? 3 : 2;
  size_t at = first;
  uint32_t code = 0;
  constexpr uint32_t kBeyond = 0x110000;
  for (; at < text.size() && DigitOf(text[at]) < base; ++at) {
    code = std::min(code * base + DigitOf(text[at]), kBeyond);
  }
  if (at == first) return {};
  if (at < text.size() && text[at] == ';') ++at;
  return {EncodeRune(code == 0 ? kBeyond : code), at};
}

// `text` begins with &.
Entity Name(std::string_view text) {
  size_t end = 1;
  while (end < text.size() && IsAlnum(text[end])) ++end;
  const std::string_view name = text.substr(1, end - 1);
  const bool closed = end < text.size() && text[end] == ';';
  // In attributes x&lt=1 is no entity, for the sake of URLs.
  const bool equals = end < text.size() && text[end] == '=';
  const bool old = std::find(kOldNames.begin(), kOldNames.end(), name) != kOldNames.end();
  if (!closed && (!old || equals)) return {};
  const auto* const found = std::find_if(kNames.begin(), kNames.end(),
                                         [&](const auto& one) { return one.first == name; });
  if (found == kNames.end()) return {};
  return {std::string(1, found->second), end + (closed ? 1 : 0)};
}

}  // namespace

std::string DecodeEntities(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t plain = std::min(text.find('&'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    Entity entity = text.starts_with("&#") ? Number(text) : Name(text);
    if (entity.read == 0) entity = {"&", 1};
    out += entity.text;
    text.remove_prefix(entity.read);
  }
  return out;
}

}  // namespace outrider::tmpl
