// SPDX-License-Identifier: Apache-2.0
// Schemas are read as they are used: sections are small and configurations are loaded rarely.
#include "notifiers/config/schema.h"

#include <fmt/format.h>

#include <cctype>
#include <optional>
#include <vector>

#include "notifiers/config/http_config.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

enum class Shape { kScalar, kMap, kList, kMapOfMaps };
struct Field {
  std::string_view name;
  char type = ' ';
  Shape shape = Shape::kScalar;
  std::string_view nested;
};

size_t ClosingBracket(std::string_view text, size_t open) {
  const char opening = text[open];
  const char closing = opening == '{' ? '}' : opening == '[' ? ']' : '>';
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    if (text[i] == opening) ++depth;
    if (text[i] == closing && --depth == 0) return i;
  }
  return text.size();
}

// Takes the next field off `*schema`, or nothing at its end.
std::optional<Field> NextField(std::string_view* schema) {
  *schema = Trim(*schema);
  if (schema->empty()) return std::nullopt;
  Field field;
  const size_t stop = std::min(schema->find_first_of(" :{[<"), schema->size());
  field.name = schema->substr(0, stop);
  size_t used = stop;
  if (stop < schema->size()) {
    const char mark = (*schema)[stop];
    if (mark == ':') {
      field.type = (*schema)[stop + 1];
      used = stop + 2;
    } else if (mark != ' ') {
      const size_t close = ClosingBracket(*schema, stop);
      field.shape = mark == '{' ? Shape::kMap : mark == '[' ? Shape::kList : Shape::kMapOfMaps;
      field.nested = schema->substr(stop + 1, close - stop - 1);
      used = close + 1;
    }
  }
  schema->remove_prefix(std::min(used, schema->size()));
  if (field.type == 'H') field = {field.name, ' ', Shape::kMap, kHttpConfigSchema};
  if (field.type == 'T') field = {field.name, ' ', Shape::kMap, kTlsConfigSchema};
  return field;
}

std::optional<Field> FindField(std::string_view schema, std::string_view name) {
  while (auto field = NextField(&schema)) {
    if (field->name == name) return field;
  }
  return std::nullopt;
}

bool IsBool(const std::string& text) {
  for (std::string_view word : {"true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (ToLower(text) == word) return true;
  }
  return false;
}

Status CheckHostPort(const std::string& text) {
  if (text.empty()) return absl::OkStatus();
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return InvalidArgument(fmt::format("address {}: missing port in address", text));
  }
  if (text.find(':') != colon && !(text.starts_with('[') && text[colon - 1] == ']')) {
    return InvalidArgument(fmt::format("address {}: too many colons in address", text));
  }
  if (colon + 1 == text.size()) {
    return InvalidArgument(fmt::format("address \"{}\": port cannot be empty", text));
  }
  return absl::OkStatus();
}

Status CheckScalarText(const YamlNode& node, char type) {
  const std::string& text = node.scalar;
  switch (type) {
    case 'b':
      if (!IsBool(text)) return InvalidArgument(fmt::format("cannot use `{}` as a boolean", text));
      return absl::OkStatus();
    case 'i':
      if (node.quoted) return InvalidArgument(fmt::format("cannot use `{}` as a number", text));
      return ParseInt(text).status();
    case 'd':
      return ParseDuration(text).status();
    case 'g':
      return text == "0" ? absl::OkStatus() : ParseGoDuration(text).status();
    case 'u':
      return CheckHttpUrl(text);
    case 'W':
      // A template becomes a URL when a message is sent.
      if (text.empty() || text.find("{{") != std::string::npos) return absl::OkStatus();
      [[fallthrough]];
    case 'S':
      return text == kSecretText ? absl::OkStatus() : CheckHttpUrl(text);
    case 'P':
      return CheckHostPort(text);
    default:
      return absl::OkStatus();
  }
}

Status CheckScalar(const YamlNode& node, char type, const std::string& file) {
  if (!node.IsScalar()) {
    return YamlError(file, node, "a single value is wanted here, not a list or a map");
  }
  const Status status = CheckScalarText(node, type);
  return status.ok() ? status : YamlError(file, node, Message(status));
}

Status CheckList(const YamlNode& node, const Field& field, const std::string& file) {
  const std::string name(field.name);
  if (!node.IsSequence()) return YamlError(file, node, "a list is wanted for " + name);
  for (const YamlNode& item : node.items) {
    TRY(field.type == 'l' ? CheckScalar(item, ' ', file)
                          : CheckSchema(item, field.nested, file, name));
  }
  return absl::OkStatus();
}

Status CheckMap(const YamlNode& node, const Field& field, const std::string& file) {
  const std::string name(field.name);
  if (!node.IsMap()) return YamlError(file, node, "a map is wanted for " + name);
  for (const auto& [key, value] : node.entries) {
    if (field.type != 'm') {
      TRY(CheckSchema(value, field.nested, file, name));
    } else if (!value.IsNull()) {
      TRY(CheckScalar(value, ' ', file));
    }
  }
  return absl::OkStatus();
}

Status CheckValue(const YamlNode& node, const Field& field, const std::string& file) {
  if (node.IsNull() || field.type == '*' || field.type == 'x') return absl::OkStatus();
  if (field.shape == Shape::kMap) {
    return CheckSchema(node, field.nested, file, std::string(field.name));
  }
  if (field.shape == Shape::kList || field.type == 'l') return CheckList(node, field, file);
  if (field.shape == Shape::kMapOfMaps || field.type == 'm') return CheckMap(node, field, file);
  return CheckScalar(node, field.type, file);
}

// A key and the one with a file, in Alertmanager's words for this section.
std::string Both(std::string_view section, std::string_view key) {
  std::string keys = fmt::format("{0} & {0}_file", key);
  std::string_view when;
  if (section == "authorization") {
    keys = "authorization " + keys;
  } else if (section == "tls_config" || section == "basic_auth" || section == "oauth2") {
    keys = fmt::format("{0}{1}{2}, {2}_file & {2}_ref", section == "tls_config" ? "" : section,
                       section == "tls_config" ? "" : " ", key);
    if (key == "client_secret") when = " using grant-type=client_credentials";
  }
  return fmt::format("{} must be configured{}", keys, when);
}

YamlNode SecretNode(const YamlNode& like) {
  YamlNode node = like;
  node.kind = YamlNode::Kind::kScalar;
  node.scalar = std::string(kSecretText);
  node.quoted = false;
  node.items.clear();
  node.entries.clear();
  return node;
}

void MaskAll(YamlNode* node) {
  if (node->IsScalar() && !node->scalar.empty()) *node = SecretNode(*node);
  for (YamlNode& item : node->items) MaskAll(&item);
  for (auto& entry : node->entries) MaskAll(&entry.second);
}

// `http://user:password@host` keeps everything but the password, as Go's URL.Redacted does.
void RedactUrl(std::string* url) {
  const size_t start = url->find("://");
  if (start == std::string::npos) return;
  const size_t end = std::min(url->find_first_of("/?#", start + 3), url->size());
  const size_t at = url->substr(0, end).rfind('@');
  if (at == std::string::npos || at < start + 3) return;
  const size_t colon = url->find(':', start + 3);
  if (colon < at) url->replace(colon + 1, at - colon - 1, "xxxxx");
}

// `https://host/<secret>`; templates and the like are hidden whole.
void MaskPath(YamlNode* node) {
  const std::string url = node->scalar;
  *node = SecretNode(*node);
  if (url.empty()) node->scalar.clear();
  if (!CheckHttpUrl(url).ok()) return;
  const size_t host = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?#", host), url.size());
  const size_t at = url.rfind('@', end);
  const size_t start = at == std::string::npos || at < host ? host : at + 1;
  node->scalar = url.substr(0, host) + url.substr(start, end - start) + "/" + node->scalar;
}

void MaskValue(YamlNode* node, const Field& field) {
  if (field.type == 's' || field.type == 'S' || field.type == 'x') return MaskAll(node);
  if (field.type == 'W') return MaskPath(node);
  if (field.type == 'R' || field.type == 'u') return RedactUrl(&node->scalar);
  switch (field.shape) {
    case Shape::kScalar:
      return;
    case Shape::kMap:
      *node = MaskSchema(*node, field.nested);
      return;
    case Shape::kList:
      for (YamlNode& item : node->items) item = MaskSchema(item, field.nested);
      return;
    case Shape::kMapOfMaps:
      for (auto& entry : node->entries) entry.second = MaskSchema(entry.second, field.nested);
      return;
  }
}

}  // namespace

Status CheckGoUrl(const std::string& text) {
  const auto wrong = [&](const std::string& what) {
    return InvalidArgument(fmt::format("parse {}: {}", Quote(text), what));
  };
  if (text.starts_with(':')) return wrong("missing protocol scheme");
  const size_t scheme = text.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t path = std::min(text.find_first_of("/?#", host), text.size());
  if (scheme != std::string::npos) {
    const size_t at = std::string_view(text).substr(0, path).rfind('@');
    const size_t name = at == std::string::npos || at < host ? host : at + 1;
    const size_t blank = std::string_view(text).substr(0, path).find_first_of(" <>\"\\^`{|}", name);
    if (blank != std::string::npos) {
      return wrong(fmt::format("invalid character {} in host name", Quote(text.substr(blank, 1))));
    }
  }
  const size_t query = std::min(text.find_first_of("?#", path), text.size());
  for (size_t i = text.find('%', path); i < query; i = text.find('%', i + 1)) {
    const std::string escape = text.substr(i, 3);
    if (escape.size() == 3 && std::isxdigit(static_cast<unsigned char>(escape[1])) != 0 &&
        std::isxdigit(static_cast<unsigned char>(escape[2])) != 0) {
      continue;
    }
    return wrong(fmt::format("invalid URL escape {}", Quote(escape)));
  }
  return absl::OkStatus();
}

Status CheckHttpUrl(const std::string& text) {
  TRY(CheckGoUrl(text));
  const size_t colon = text.find(':');
  const std::string scheme = colon == std::string::npos ? "" : ToLower(text.substr(0, colon));
  if (scheme != "http" && scheme != "https") {
    return InvalidArgument(fmt::format("unsupported scheme \"{}\" for URL", scheme));
  }
  if (text.compare(colon, 3, "://") != 0 || colon + 3 >= text.size() || text[colon + 3] == '/') {
    return InvalidArgument("missing host for URL");
  }
  return absl::OkStatus();
}

Status CheckSchema(const YamlNode& node, std::string_view schema, const std::string& file,
                   const std::string& type) {
  if (node.IsNull()) return absl::OkStatus();
  if (!node.IsMap()) return YamlError(file, node, "a map is wanted for " + type);
  for (const auto& [key, value] : node.entries) {
    const auto field = FindField(schema, key.scalar);
    if (!field) {
      return YamlError(file, key, fmt::format("field {} not found in type {}", key.scalar, type));
    }
    TRY(CheckValue(value, *field, file));
    const std::string beside = key.scalar + "_file";
    // Of mail receivers Alertmanager takes both; the file counts.
    const bool both = key.scalar == "auth_password" || key.scalar == "auth_secret";
    if (!both && IsSet(node, key.scalar) && IsSet(node, beside)) {
      return YamlError(file, key, "at most one of " + Both(type, key.scalar));
    }
  }
  return absl::OkStatus();
}

YamlNode MaskSchema(const YamlNode& node, std::string_view schema) {
  YamlNode masked = node;
  for (auto& [key, value] : masked.entries) {
    if (const auto field = FindField(schema, key.scalar)) MaskValue(&value, *field);
  }
  return masked;
}

bool IsSet(const YamlNode& map, std::string_view key) {
  if (!map.IsMap()) return false;
  const size_t dot = key.find('.');
  const YamlNode* value = map.Find(key.substr(0, dot));
  if (value == nullptr || value->IsNull()) return false;
  if (dot != std::string_view::npos) return IsSet(*value, key.substr(dot + 1));
  return !value->IsScalar() || !value->scalar.empty();
}

}  // namespace outrider
