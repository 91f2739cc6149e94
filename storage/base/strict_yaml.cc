// SPDX-License-Identifier: Apache-2.0
#include "storage/base/strict_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "storage/base/duration.h"
#include "storage/base/text.h"
#include "storage/base/yaml_cut.h"

namespace outrider {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr size_t kMaxNodes = 1'000'000;  // bounds alias bombs

// Copies yaml-cpp's tree into ours and checks keys on the way.
class Converter {
 public:
  explicit Converter(std::string file) : file_(std::move(file)) {}

  // Of a whole document.
  StatusOr<YamlNode> ConvertText(const std::string& text) {
    text_ = text;
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    return Convert(YAML::Load(text), 0);
  }

 private:
  StatusOr<YamlNode> Convert(const YAML::Node& from, int depth) {
    YamlNode to;
    to.line = from.Mark().line + 1;
    to.column = from.Mark().column + 1;
    if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
      return YamlError(file_, to, "the document is nested too deeply or too large");
    }
    switch (from.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        return to;
      case YAML::NodeType::Scalar:
        to.scalar = from.Scalar();
        to.quoted = from.Tag() == "!";
        to.kind = YamlNode::Kind::kScalar;
        if (const auto fault = FaultOfQuoted(text_, PlaceOf(from))) {
          return YamlError(file_, to, fmt::format("yaml: {}", *fault));
        }
        return to;
      case YAML::NodeType::Sequence:
        to.kind = YamlNode::Kind::kSequence;
        for (const auto& item : from) to.items.push_back(TRY(Convert(item, depth + 1)));
        return to;
      case YAML::NodeType::Map:
        to.kind = YamlNode::Kind::kMap;
        TRY(ConvertEntries(from, depth, &to));
        return to;
    }
    return to;
  }

  size_t PlaceOf(const YAML::Node& node) const {
    return SkipYamlProperties(text_, static_cast<size_t>(std::max(node.Mark().pos, 0)));
  }

  Status ConvertEntries(const YAML::Node& from, int depth, YamlNode* to) {
    std::set<std::string> keys;
    int last = -1;  // a key that stands before is an alias: its place is its anchor's
    for (const auto& entry : from) {
      YamlNode key = TRY(Convert(entry.first, depth + 1));
      if (key.kind != YamlNode::Kind::kScalar) {
        return YamlError(file_, key, "a map key must be a plain text");
      }
      if (!keys.insert(key.scalar).second) {
        return YamlError(file_, key, fmt::format("key {} already set in map", Quote(key.scalar)));
      }
      YamlNode value = TRY(Convert(entry.second, depth + 1));
      if (value.IsNull()) {  // yaml-cpp gives nulls no mark of their own
        const bool is_here = entry.first.Mark().pos > last;
        if (is_here && from.Style() == YAML::EmitterStyle::Block) {
          TRY(CheckBareKey(entry.first, key));
        }
        value.line = key.line;
        value.column = key.column;
      }
      last = std::max({last, entry.first.Mark().pos, entry.second.Mark().pos});
      to->entries.push_back({std::move(key), std::move(value)});
    }
    return absl::OkStatus();
  }

  Status CheckBareKey(const YAML::Node& from, const YamlNode& key) const {
    const auto fault = FaultOfBareKey(text_, PlaceOf(from), key.scalar);
    return fault ? YamlError(file_, key, fmt::format("yaml: {}", *fault)) : absl::OkStatus();
  }

  std::string file_;
  std::string_view text_;  // as yaml-cpp counts places
  size_t nodes_ = 0;
};

struct SizeUnit {
  std::string_view name;
  double bytes;
};
constexpr std::array<SizeUnit, 11> kSizeUnits = {{{"KiB", 1024.0},
                                                  {"MiB", 1048576.0},
                                                  {"GiB", 1073741824.0},
                                                  {"TiB", 1099511627776.0},
                                                  {"kB", 1e3},
                                                  {"KB", 1e3},
                                                  {"MB", 1e6},
                                                  {"GB", 1e9},
                                                  {"TB", 1e12},
                                                  {"B", 1},
                                                  {"", 1}}};

StatusOr<int64_t> ParseSize(std::string_view text) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (!text.ends_with(unit.name)) continue;
    const auto number = ParseDouble(Trim(text.substr(0, text.size() - unit.name.size())));
    if (!number.ok() || !std::isfinite(*number) || *number < 0 || *number * unit.bytes > 9e18)
      break;
    return static_cast<int64_t>(*number * unit.bytes);
  }
  return InvalidArgument("not a size such as 64MiB: " + Quote(text));
}

StatusOr<bool> ParseBool(std::string_view text) {
  const std::string lower = ToLower(text);
  for (const std::string_view yes : {"true", "yes", "on", "y"}) {
    if (lower == yes) return true;
  }
  for (const std::string_view no : {"false", "no", "off", "n"}) {
    if (lower == no) return false;
  }
  return InvalidArgument("not true or false: " + Quote(text));
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.scalar == key) return &value;
  }
  return nullptr;
}

StatusOr<YamlNode> ParseYaml(std::string_view text, const std::string& file) {
  if (!IsValidUtf8(text)) return InvalidArgument(file + ":1:1: yaml: invalid UTF-8");
  try {
    return Converter(file).ConvertText(std::string(text));
  } catch (const YAML::Exception& e) {
    return InvalidArgument(
        fmt::format("{}:{}:{}: yaml: {}", file, e.mark.line + 1, e.mark.column + 1, e.msg));
  }
}

namespace {

bool StartsDocument(std::string_view line) {
  return line.starts_with("---") && (line.size() == 3 || line[3] == ' ' || line[3] == '\t');
}

// The documents, each with as many empty lines before it as there are lines before it in the text.
// Not left to YAML::LoadAll, which finds documents without end in a text like ",p".
std::vector<std::string> SplitDocuments(std::string_view text) {
  std::vector<std::string> documents(1);
  size_t lines = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (StartsDocument(line)) {
      documents.emplace_back(lines, '\n');
      documents.back() += "   ";
      documents.back() += line.substr(3);
    } else if (!line.starts_with('%')) {  // a directive
      documents.back() += line;
    }
    documents.back() += '\n';
    ++lines;
  }
  return documents;
}

}  // namespace

StatusOr<std::vector<YamlNode>> ParseYamlDocuments(std::string_view text, const std::string& file) {
  if (!IsValidUtf8(text)) return InvalidArgument(file + ":1:1: yaml: invalid UTF-8");
  try {
    std::vector<YamlNode> documents;
    Converter converter(file);
    for (const std::string& document : SplitDocuments(text)) {
      YamlNode node = TRY(converter.ConvertText(document));
      if (!node.IsNull()) documents.push_back(std::move(node));
    }
    return documents;
  } catch (const YAML::Exception& e) {
    return InvalidArgument(
        fmt::format("{}:{}:{}: yaml: {}", file, e.mark.line + 1, e.mark.column + 1, e.msg));
  }
}

Status YamlError(const std::string& file, const YamlNode& node, const std::string& message) {
  return InvalidArgument(fmt::format("{}:{}:{}: {}", file, node.line, node.column, message));
}

YamlReader::YamlReader(const YamlNode& node, std::string file, std::string what)
    : node_(node), file_(std::move(file)), what_(std::move(what)) {
  if (!node.IsMap() && !node.IsNull()) {
    first_error_ = YamlError(file_, node, what_ + " must be a map of keys and values");
  }
}

const YamlNode* YamlReader::Take(std::string_view key) {
  known_.emplace(key);
  const YamlNode* value = node_.Find(key);
  return value == nullptr || value->IsNull() ? nullptr : value;
}

const YamlNode* YamlReader::Child(std::string_view key) {
  known_.emplace(key);
  return node_.Find(key);
}

bool YamlReader::Has(std::string_view key) const { return node_.Find(key) != nullptr; }

const YamlNode* YamlReader::Scalar(std::string_view key, const char* type) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return nullptr;
  if (value->IsScalar()) return value;
  Fail(key, fmt::format("{} must be {}", key, type));
  return nullptr;
}

bool YamlReader::String(std::string_view key, std::string* out) {
  const YamlNode* value = Scalar(key, "a text");
  if (value != nullptr) *out = value->scalar;
  return value != nullptr;
}

// Reads a scalar with `parse`; an error is remembered with the key's place.
#define OUTRIDER_READ_SCALAR(key, type, parse, out)                  \
  const YamlNode* value = Scalar(key, type);                         \
  if (value == nullptr) return false;                                \
  const auto parsed = parse(value->scalar);                          \
  if (!parsed.ok()) {                                                \
    Fail(key, fmt::format("{}: {}", key, Message(parsed.status()))); \
    return false;                                                    \
  }                                                                  \
  *(out) = *parsed;                                                  \
  return true

bool YamlReader::Bool(std::string_view key, bool* out) {
  OUTRIDER_READ_SCALAR(key, "true or false", ParseBool, out);
}
bool YamlReader::Int(std::string_view key, int64_t* out) {
  OUTRIDER_READ_SCALAR(key, "an integer", ParseInt, out);
}
bool YamlReader::Double(std::string_view key, double* out) {
  OUTRIDER_READ_SCALAR(key, "a number", ParseDouble, out);
}
bool YamlReader::Duration(std::string_view key, DurationMs* out) {
  OUTRIDER_READ_SCALAR(key, "a duration", ParseDuration, out);
}
bool YamlReader::GoDuration(std::string_view key, int64_t* out_nanos) {
  OUTRIDER_READ_SCALAR(key, "a duration", ParseGoDuration, out_nanos);
}
bool YamlReader::Size(std::string_view key, int64_t* out_bytes) {
  OUTRIDER_READ_SCALAR(key, "a size", ParseSize, out_bytes);
}
#undef OUTRIDER_READ_SCALAR

bool YamlReader::StringList(std::string_view key, std::vector<std::string>* out) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return false;
  std::vector<std::string> list;
  for (const YamlNode& item : value->items) {
    if (!item.IsScalar()) {
      Fail(YamlError(file_, item, fmt::format("{} must be a list of texts", key)));
      return false;
    }
    list.push_back(item.scalar);
  }
  if (!value->IsSequence()) {
    Fail(key, fmt::format("{} must be a list of texts", key));
    return false;
  }
  *out = std::move(list);
  return true;
}

bool YamlReader::StringMap(std::string_view key,
                           std::vector<std::pair<std::string, std::string>>* out) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return false;
  if (!value->IsMap()) {
    Fail(key, fmt::format("{} must be a map of texts", key));
    return false;
  }
  out->clear();
  for (const auto& [name, text] : value->entries) {
    if (!text.IsScalar() && !text.IsNull()) {
      Fail(YamlError(file_, text, fmt::format("{}.{} must be a text", key, name.scalar)));
      return false;
    }
    out->emplace_back(name.scalar, text.scalar);
  }
  return true;
}

void YamlReader::Fail(std::string_view key, const std::string& message) {
  const YamlNode* value = node_.Find(key);
  Fail(YamlError(file_, value != nullptr ? *value : node_, message));
}

void YamlReader::Fail(const Status& status) {
  if (first_error_.ok()) first_error_ = status;
}

Status YamlReader::Finish() {
  if (!first_error_.ok()) return first_error_;
  for (const auto& [key, value] : node_.entries) {
    if (known_.contains(key.scalar)) continue;
    return YamlError(file_, key, fmt::format("field {} not found in {}", key.scalar, what_));
  }
  return absl::OkStatus();
}

}  // namespace outrider
