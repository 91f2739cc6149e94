// SPDX-License-Identifier: Apache-2.0
#include "notifiers/config/yaml_text.h"

#include <fmt/format.h>

#include "storage/base/text.h"

namespace outrider {
namespace {

bool LooksLikeAnotherType(std::string_view text) {
  for (std::string_view word : {"null", "~", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (ToLower(text) == word) return true;
  }
  // Numbers, dates, sexagesimals and the like begin with a digit, a sign or a dot.
  return std::string_view("0123456789+-.").find(text.front()) != std::string_view::npos;
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty() || LooksLikeAnotherType(text)) return true;
  if (std::string_view("!&*-?{}[],#|>@`\"'%:=<").find(text.front()) != std::string_view::npos) {
    return text != "<secret>";
  }
  if (text.front() == ' ' || text.back() == ' ' || text.back() == ':') return true;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte >= 0x7f) return true;
    if (text[i] == ':' && text.substr(i + 1).starts_with(' ')) return true;
    if (text[i] == '#' && i > 0 && text[i - 1] == ' ') return true;
  }
  return false;
}

std::string DoubleQuoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

// A scalar that stood unquoted in its file was safe there: only what NeedsQuotes for its shape, not
// for its type.
std::string ScalarText(const YamlNode& node) {
  if (node.IsNull()) return "null";
  const std::string& text = node.scalar;
  const bool typed = !node.quoted && !text.empty() && LooksLikeAnotherType(text);
  return NeedsQuotes(text) && !typed ? DoubleQuoted(text) : text;
}

void Write(const YamlNode& node, size_t indent, bool first_inline, std::string* out);

void WriteEntry(const YamlNode& key, const YamlNode& value, size_t indent, std::string* out) {
  *out += NeedsQuotes(key.scalar) ? DoubleQuoted(key.scalar) : key.scalar;
  *out += ':';
  const bool nested =
      (value.IsMap() && !value.entries.empty()) || (value.IsSequence() && !value.items.empty());
  if (nested) {
    *out += '\n';
    Write(value, value.IsMap() ? indent + 2 : indent, false, out);
  } else {
    *out += ' ';
    Write(value, indent, true, out);
  }
}

// `first_inline`: the cursor already stands where the first line begins.
void Write(const YamlNode& node, size_t indent, bool first_inline, std::string* out) {
  const std::string pad(indent, ' ');
  if (node.IsMap() && !node.entries.empty()) {
    for (const auto& [key, value] : node.entries) {
      if (!first_inline) *out += pad;
      first_inline = false;
      WriteEntry(key, value, indent, out);
    }
  } else if (node.IsSequence() && !node.items.empty()) {
    for (const YamlNode& item : node.items) {
      if (!first_inline) *out += pad;
      first_inline = false;
      *out += "- ";
      Write(item, indent + 2, true, out);
    }
  } else {
    *out += node.IsMap() ? "{}" : node.IsSequence() ? "[]" : ScalarText(node);
    *out += '\n';
  }
}

}  // namespace

YamlNode YamlMap() {
  YamlNode node;
  node.kind = YamlNode::Kind::kMap;
  return node;
}

YamlNode YamlList() {
  YamlNode node;
  node.kind = YamlNode::Kind::kSequence;
  return node;
}

YamlNode YamlText(std::string_view text) {
  YamlNode node = YamlPlain(text);
  node.quoted = true;
  return node;
}

YamlNode YamlPlain(std::string_view text) {
  YamlNode node;
  node.kind = YamlNode::Kind::kScalar;
  node.scalar = std::string(text);
  return node;
}

void AddEntry(YamlNode* map, std::string_view key, YamlNode value) {
  map->entries.emplace_back(YamlText(key), std::move(value));
}

std::string WriteYaml(const YamlNode& node) {
  std::string out;
  Write(node, 0, false, &out);
  return out;
}

}  // namespace outrider
