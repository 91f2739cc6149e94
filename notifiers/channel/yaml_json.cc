// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/yaml_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "storage/base/text.h"

namespace outrider {
namespace {

using Plain = std::variant<std::nullptr_t, bool, int64_t, uint64_t, double>;

bool IsOneOf(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, std::string_view(text)) != words.end();
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Digits as Go's ParseInt reads them with base 0: 0x, 0b, 0o, and 0 for octal.
std::optional<uint64_t> ParseGoDigits(std::string_view digits) {
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    const char kind = static_cast<char>(digits[1] | 0x20);
    base = kind == 'x' ? 16 : kind == 'b' ? 2 : 8;
    digits.remove_prefix(kind == 'x' || kind == 'b' || kind == 'o' ? 2 : 1);
  }
  uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [read, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || read != end) return std::nullopt;
  return value;
}

std::optional<Plain> WholeOf(std::string_view text) {
  const bool negative = text.starts_with('-');
  const bool sign = negative || text.starts_with('+');
  const auto digits = ParseGoDigits(text.substr(sign ? 1 : 0));
  constexpr uint64_t kLargest = std::numeric_limits<int64_t>::max();
  if (!digits || (sign && *digits > kLargest + (negative ? 1 : 0))) return std::nullopt;
  if (negative) return Plain(static_cast<int64_t>(-*digits));
  if (*digits > kLargest) return Plain(*digits);
  return Plain(static_cast<int64_t>(*digits));
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool IsYamlFloat(std::string_view text) {
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const auto digits = [&] {
    const size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at > from;
  };
  bool good = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    good = digits() || good;
  }
  if (good && at + 1 < text.size() && (text[at] | 0x20) == 'e') {
    at += text[at + 1] == '-' || text[at + 1] == '+' ? 2 : 1;
    good = digits();
  }
  return good && at == text.size();
}

// What a scalar is that is no text, as yaml.v2 sees it, which is what Alertmanager reads rendered
// texts by.
std::optional<Plain> PlainOf(const YamlNode& node) {
  if (node.quoted) return std::nullopt;
  const std::string& text = node.scalar;
  if (IsOneOf(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
    return Plain(true);
  }
  if (IsOneOf(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return Plain(false);
  }
  if (IsOneOf(text, {"", "~", "null", "Null", "NULL"})) return Plain(nullptr);
  const char first = text[0];
  if (first != '-' && first != '+' && first != '.' && !IsDigit(first)) return std::nullopt;
  std::string plain = text;
  std::erase(plain, '_');
  if (const auto whole = WholeOf(plain)) return whole;
  if (first != '.' && !IsYamlFloat(plain)) return std::nullopt;
  const auto number = ParseDouble(first == '.' ? text : plain);
  if (!number.ok() || !std::isfinite(*number)) return std::nullopt;
  return Plain(*number);
}

void WriteScalar(const YamlNode& node, JsonWriter* json) {
  const std::optional<Plain> plain = PlainOf(node);
  if (!plain) {
    json->String(node.scalar);
  } else if (const auto* truth = std::get_if<bool>(&*plain)) {
    json->Bool(*truth);
  } else if (const auto* whole = std::get_if<int64_t>(&*plain)) {
    json->Int(*whole);
  } else if (const auto* large = std::get_if<uint64_t>(&*plain)) {
    json->Raw(std::to_string(*large));
  } else if (const auto* number = std::get_if<double>(&*plain)) {
    // Go's encoding/json writes no exponent for these.
    const bool whole_number = std::trunc(*number) == *number && std::fabs(*number) < 1e15;
    if (whole_number && !std::signbit(*number)) {
      json->Int(static_cast<int64_t>(*number));
    } else {
      json->Double(*number);
    }
  } else {
    json->Null();
  }
}

}  // namespace

bool IsYamlText(const YamlNode& node) { return node.IsScalar() && !PlainOf(node); }

void WriteYamlAsJson(const YamlNode& node, JsonWriter* json) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      json->Null();
      return;
    case YamlNode::Kind::kScalar:
      WriteScalar(node, json);
      return;
    case YamlNode::Kind::kSequence:
      json->StartArray();
      for (const YamlNode& item : node.items) WriteYamlAsJson(item, json);
      json->EndArray();
      return;
    case YamlNode::Kind::kMap: {
      std::vector<const YamlNode::Entry*> entries;
      for (const YamlNode::Entry& entry : node.entries) {
        if (IsYamlText(entry.first)) entries.push_back(&entry);  // only texts are names
      }
      std::ranges::sort(entries, {}, [](const YamlNode::Entry* e) { return e->first.scalar; });
      json->StartObject();
      for (const YamlNode::Entry* entry : entries) {
        json->Key(entry->first.scalar);
        WriteYamlAsJson(entry->second, json);
      }
      json->EndObject();
      return;
    }
  }
}

std::string YamlAsJson(const YamlNode& node) {
  std::string out;
  JsonWriter json(&out);
  WriteYamlAsJson(node, &json);
  return out;
}

}  // namespace outrider
