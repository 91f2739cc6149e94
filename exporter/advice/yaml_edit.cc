// SPDX-License-Identifier: Apache-2.0
// Positions come from the parser's marks (line and column of a node's first character); ends are
// found by reading on from there.
#include "exporter/advice/yaml_edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/yaml_text.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // columns count from behind it

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// A plain scalar on one line ends before blanks and a comment.
std::string_view WithoutComment(std::string_view line) {
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '#' && IsBlank(line[i - 1])) line = line.substr(0, i);
  }
  return Trim(line);
}

// What the text should read as once `values` are set in it.
void MergeTree(const YamlNode& values, YamlNode* into) {
  if (!values.IsMap()) {
    *into = values;
    return;
  }
  into->kind = YamlNode::Kind::kMap;
  for (const auto& [key, value] : values.entries) {
    const auto found = std::ranges::find_if(into->entries, [&](const YamlNode::Entry& entry) {
      return entry.first.scalar == key.scalar;
    });
    if (found != into->entries.end()) {
      MergeTree(value, &found->second);
    } else {
      into->entries.push_back({key, value});
    }
  }
}

// The same values, whatever the order of keys.
bool SameValues(const YamlNode& a, const YamlNode& b) {
  if (a.kind != b.kind || a.scalar != b.scalar || a.items.size() != b.items.size() ||
      a.entries.size() != b.entries.size()) {
    return false;
  }
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!SameValues(a.items[i], b.items[i])) return false;
  }
  return std::ranges::all_of(a.entries, [&](const YamlNode::Entry& entry) {
    const YamlNode* other = b.Find(entry.first.scalar);
    return other != nullptr && SameValues(entry.second, *other);
  });
}

// A copy of the tree, with a way from old nodes to new ones.
YamlNode* CopyOf(YamlNode* copy, const YamlNode& original, const YamlNode* wanted) {
  if (&original == wanted) return copy;
  for (size_t i = 0; i < original.items.size(); ++i) {
    YamlNode* found = CopyOf(&copy->items[i], original.items[i], wanted);
    if (found != nullptr) return found;
  }
  for (size_t i = 0; i < original.entries.size(); ++i) {
    YamlNode* found = CopyOf(&copy->entries[i].second, original.entries[i].second, wanted);
    if (found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace

YamlEditor::YamlEditor(std::string_view text, std::string file)
    : text_(text), file_(std::move(file)), lines_{text.starts_with(kByteOrderMark) ? 3U : 0U} {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') lines_.push_back(i + 1);
  }
  text.remove_prefix(lines_[0]);
  json_ = Trim(text).starts_with('{') || Trim(text).starts_with('[');
}

Status YamlEditor::Refuse(const YamlNode& node, std::string_view why) const {
  return YamlError(file_, node, fmt::format("cannot be changed here: {}", why));
}

size_t YamlEditor::OffsetOf(const YamlNode& node) const {
  const auto line = static_cast<size_t>(std::max(node.line, 1)) - 1;
  if (line >= lines_.size()) return text_.size();
  return std::min(text_.size(), lines_[line] + static_cast<size_t>(std::max(node.column, 1)) - 1);
}

size_t YamlEditor::EndOfLine(size_t at) const {
  const size_t end = std::min(text_.find('\n', at), text_.size());
  return end > at && text_[end - 1] == '\r' ? end - 1 : end;
}

std::string_view YamlEditor::LineEnd(size_t at) const {
  const size_t end = text_.find('\n', at);
  // Without one behind it, as the rest of the text has it.
  const size_t known = end == std::string_view::npos ? text_.find('\n') : end;
  const bool crlf = known != std::string_view::npos && known > 0 && text_[known - 1] == '\r';
  return crlf ? "\r\n" : "\n";
}

bool YamlEditor::IsFlow(const YamlNode& map) const {
  const size_t at = OffsetOf(map);
  return at < text_.size() && text_[at] == '{';
}

Status YamlEditor::CheckOwn(const YamlNode& key, const YamlNode& value) const {
  const size_t begin = OffsetOf(key);
  const size_t at = OffsetOf(value);
  if (value.IsNull()) return absl::OkStatus();
  if (at <= begin) return Refuse(key, "it is an alias of another value");
  const std::string_view between = text_.substr(begin, at - begin);
  if (between.find('&') != std::string_view::npos || text_[at] == '&') {
    return Refuse(key, "other values refer to it by an anchor");
  }
  if (between.find('*') != std::string_view::npos || text_[at] == '*') {
    return Refuse(key, "it is an alias of another value");
  }
  return absl::OkStatus();
}

StatusOr<size_t> YamlEditor::EndOfScalar(const YamlNode& value) const {
  const size_t at = OffsetOf(value);
  const std::string_view line = text_.substr(at, EndOfLine(at) - at);
  if (line.starts_with('"') || line.starts_with('\'')) {
    // Quantities and names need no escapes; what has some is left alone.
    const std::string quoted = fmt::format("{0}{1}{0}", line[0], value.scalar);
    if (line.starts_with(quoted)) return at + quoted.size();
    return Refuse(value, "it is a quoted text with escapes or over several lines");
  }
  const std::string_view plain = WithoutComment(line);
  if (!value.scalar.empty() && plain == value.scalar) return at + plain.size();
  // In flow style the line goes on behind it.
  const bool ends =
      plain.size() > value.scalar.size() &&
      std::string_view(",}] \t").find(plain[value.scalar.size()]) != std::string_view::npos;
  if (!value.scalar.empty() && plain.starts_with(value.scalar) && ends) {
    return at + value.scalar.size();
  }
  return Refuse(value, "it goes over several lines");
}

StatusOr<size_t> YamlEditor::EndOfFlow(const YamlNode& value) const {
  int depth = 0;
  char quote = 0;
  for (size_t at = OffsetOf(value); at < text_.size(); ++at) {
    const char c = text_[at];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++at;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#' && at > 0 && (IsBlank(text_[at - 1]) || text_[at - 1] == '\n')) {
      at = EndOfLine(at);
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return at + 1;
    }
  }
  return Refuse(value, "its end cannot be found");
}

StatusOr<size_t> YamlEditor::EndOf(const YamlNode& key, const YamlNode& value) const {
  TRY(CheckOwn(key, value));
  return value.IsNull() ? EndOfLine(OffsetOf(key)) : EndOfValue(value);
}

StatusOr<size_t> YamlEditor::EndOfValue(const YamlNode& value) const {
  const size_t at = OffsetOf(value);
  if (at < text_.size() && (text_[at] == '*' || text_[at] == '&')) {
    return Refuse(value, "it ends with an alias or an anchor");
  }
  if (value.IsScalar()) return EndOfScalar(value);
  if (at < text_.size() && (text_[at] == '{' || text_[at] == '[')) return EndOfFlow(value);
  if (value.IsMap() && !value.entries.empty()) {
    return EndOf(value.entries.back().first, value.entries.back().second);
  }
  if (!value.items.empty()) return EndOfValue(value.items.back());
  return Refuse(value, "its end cannot be found");
}

std::string YamlEditor::KeyText(std::string_view key) const {
  return json_ ? fmt::format("\"{}\"", key) : std::string(key);
}

// JSON needs quotes around everything but numbers.
std::string YamlEditor::ValueText(const YamlNode& value) const {
  const bool number =
      !value.quoted && value.scalar.find_first_not_of("0123456789") == std::string::npos;
  return json_ && !number ? fmt::format("\"{}\"", value.scalar) : value.scalar;
}

StatusOr<YamlEditor::Edit> YamlEditor::Replace(const YamlNode& value,
                                               const YamlNode& wanted) const {
  const size_t at = OffsetOf(value);
  const size_t end = TRY(EndOfScalar(value));
  const char quote = text_[at];
  Edit edit;
  edit.at = at;
  edit.removed = end - at;
  edit.inserted = quote == '"' || quote == '\'' ? fmt::format("{0}{1}{0}", quote, wanted.scalar)
                                                : ValueText(wanted);
  return edit;
}

YamlEditor::Edit YamlEditor::InsertLines(size_t at, size_t indent, const YamlNode& values) const {
  Edit edit;
  edit.at = at;
  const std::string lines = WriteYaml(values);
  for (const std::string_view line : Split(Trim(lines), '\n')) {
    edit.inserted += LineEnd(at);
    edit.inserted.append(indent, ' ');
    edit.inserted += line;
  }
  return edit;
}

// a: {b: value}, c: value
std::string YamlEditor::FlowText(const YamlNode& values) const {
  std::string out;
  for (const auto& [key, value] : values.entries) {
    if (!out.empty()) out += ", ";
    out += KeyText(key.scalar) + ": ";
    out += value.IsMap() ? '{' + FlowText(value) + '}' : ValueText(value);
  }
  return out;
}

// `key:` has nothing behind it, or null.
StatusOr<YamlEditor::Edit> YamlEditor::InsertUnderKey(const YamlNode& key,
                                                      const YamlNode& values) const {
  const size_t begin = OffsetOf(key);
  const size_t end = EndOfLine(begin);
  const std::string_view line = text_.substr(begin, end - begin);
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Refuse(key, "its value cannot be found");
  const std::string padded = " " + std::string(line.substr(colon + 1));
  const std::string_view behind = WithoutComment(padded);
  if (!behind.empty() && !behind.starts_with('#')) {
    return Refuse(key, "it is null; leave it empty");
  }
  return InsertLines(end, static_cast<size_t>(key.column) - 1 + 2, values);
}

StatusOr<size_t> YamlEditor::PlaceBehind(const YamlNode& map, std::string_view after) const {
  if (map.entries.empty()) return Refuse(map, "it is empty");
  const YamlNode::Entry* entry = &map.entries.back();
  for (const YamlNode::Entry& one : map.entries) {
    if (one.first.scalar == after && one.second.IsScalar()) entry = &one;
  }
  return EndOfLine(TRY(EndOf(entry->first, entry->second)));
}

StatusOr<YamlEditor::Edit> YamlEditor::Insert(const Slot& slot, const YamlNode& values,
                                              std::string_view after) const {
  const YamlNode& map = *slot.map;
  if (map.IsNull() && slot.key != nullptr) {
    if (json_) return Refuse(*slot.key, "it is null");
    return InsertUnderKey(*slot.key, values);
  }
  if (!IsFlow(map)) {
    const size_t at = TRY(PlaceBehind(map, after));
    return InsertLines(at, static_cast<size_t>(map.column) - 1, values);
  }
  Edit edit;
  edit.at = OffsetOf(map) + 1;
  edit.inserted = FlowText(values);
  if (!map.entries.empty()) edit.inserted += ", ";
  return edit;
}

Status YamlEditor::MergeInto(const Slot& slot, const YamlNode& values, std::string_view after,
                             std::vector<Edit>* edits) const {
  const YamlNode& map = *slot.map;
  if (!map.IsMap() && !map.IsNull()) return Refuse(map, "it should be a map");
  if (map.Find("<<") != nullptr) return Refuse(map, "it merges in another map");
  YamlNode missing = YamlMap();
  for (const YamlNode::Entry& wanted : values.entries) {
    const auto found = std::ranges::find_if(map.entries, [&](const YamlNode::Entry& entry) {
      return entry.first.scalar == wanted.first.scalar;
    });
    if (found == map.entries.end()) {
      missing.entries.push_back(wanted);
      continue;
    }
    TRY(CheckOwn(found->first, found->second));
    if (wanted.second.IsMap()) {
      TRY(MergeInto({&found->second, &found->first}, wanted.second, "", edits));
    } else if (found->second.IsScalar()) {
      edits->push_back(TRY(Replace(found->second, wanted.second)));
    } else {
      return Refuse(found->first, "it should be a single value");
    }
  }
  if (!missing.entries.empty()) edits->push_back(TRY(Insert(slot, missing, after)));
  return absl::OkStatus();
}

Status YamlEditor::Merge(const YamlNode& root, const YamlNode& values, std::string_view after) {
  std::vector<Edit> edits;
  TRY(MergeInto({&root, nullptr}, values, after, &edits));
  edits_.insert(edits_.end(), edits.begin(), edits.end());
  wanted_.push_back({&root, values});
  return absl::OkStatus();
}

StatusOr<std::string> YamlEditor::Apply(const std::vector<YamlNode>& documents) const {
  std::vector<const Edit*> order;
  order.reserve(edits_.size());
  for (const Edit& edit : edits_) order.push_back(&edit);
  std::ranges::stable_sort(order, {}, &Edit::at);
  std::string out;
  size_t done = 0;
  for (const Edit* edit : order) {
    out += text_.substr(done, edit->at - done);
    out += edit->inserted;
    done = edit->at + edit->removed;
  }
  out += text_.substr(done);

  std::vector<YamlNode> wanted = documents;
  for (const Wanted& one : wanted_) {
    for (size_t i = 0; i < documents.size(); ++i) {
      YamlNode* root = CopyOf(&wanted[i], documents[i], one.root);
      if (root != nullptr) MergeTree(one.values, root);
    }
  }
  const auto read = ParseYamlDocuments(out, file_);
  bool same = read.ok() && read->size() == wanted.size();
  for (size_t i = 0; same && i < wanted.size(); ++i) same = SameValues((*read)[i], wanted[i]);
  if (same) return out;
  if (Contains(text_, "&") && Contains(text_, "*")) {
    return InvalidArgument(
        fmt::format("{}: an alias refers to what would be changed; write it out first", file_));
  }
  return Internal(fmt::format(
      "{}: the changed text does not read as what was meant; it is not written", file_));
}

}  // namespace outrider
