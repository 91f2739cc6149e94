// SPDX-License-Identifier: Apache-2.0
// Changes a YAML text at the places of its nodes and leaves every other byte as it is: comments,
// order, quotes and line ends stay. Nothing is written anew from a tree.
//
// Works on block and flow style (JSON too). What cannot be changed safely in place is refused with
// its place: aliases and what they refer to, merge keys, values over several lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

// Not thread-safe. Nodes are those that ParseYamlDocuments made of the same text.
class YamlEditor {
 public:
  // `text` outlives the editor. `file` is named in errors.
  YamlEditor(std::string_view text, std::string file);

  // Sets what `values` (maps of maps of scalars) says in the map `root`: scalars that are there are
  // replaced, the others added. What is added to `root` itself comes behind its entry `after`, if
  // that is a single value, else behind its last entry. All or nothing: after an error nothing of
  // it is set.
  Status Merge(const YamlNode& root, const YamlNode& values, std::string_view after = "");
  bool empty() const { return edits_.empty(); }

  // The text with all changes. It is read again: InvalidArgument when an alias carries a change to
  // where nobody asked for it; Internal when it does not read as what was asked for otherwise,
  // which would be a defect of this class: better no answer than a broken manifest. `documents`:
  // all documents of the text.
  StatusOr<std::string> Apply(const std::vector<YamlNode>& documents) const;

 private:
  struct Edit {
    size_t at = 0;
    size_t removed = 0;
    std::string inserted;
  };
  // What was asked for.
  struct Wanted {
    const YamlNode* root = nullptr;
    YamlNode values;
  };
  // A map, and the key it stands under (nullptr for the root).
  struct Slot {
    const YamlNode* map;
    const YamlNode* key;
  };

  Status Refuse(const YamlNode& node, std::string_view why) const;
  size_t OffsetOf(const YamlNode& node) const;
  std::string_view LineEnd(size_t at) const;
  size_t EndOfLine(size_t at) const;
  bool IsFlow(const YamlNode& map) const;
  // The value stands behind its key, with neither anchor nor alias.
  Status CheckOwn(const YamlNode& key, const YamlNode& value) const;
  StatusOr<size_t> EndOfScalar(const YamlNode& value) const;
  StatusOr<size_t> EndOfFlow(const YamlNode& value) const;
  StatusOr<size_t> EndOf(const YamlNode& key, const YamlNode& value) const;
  StatusOr<size_t> EndOfValue(const YamlNode& value) const;

  Status MergeInto(const Slot& slot, const YamlNode& values, std::string_view after,
                   std::vector<Edit>* edits) const;
  StatusOr<Edit> Replace(const YamlNode& value, const YamlNode& wanted) const;
  StatusOr<Edit> Insert(const Slot& slot, const YamlNode& values, std::string_view after) const;
  StatusOr<Edit> InsertUnderKey(const YamlNode& key, const YamlNode& values) const;
  StatusOr<size_t> PlaceBehind(const YamlNode& map, std::string_view after) const;
  Edit InsertLines(size_t at, size_t indent, const YamlNode& values) const;
  std::string FlowText(const YamlNode& values) const;
  std::string KeyText(std::string_view key) const;
  std::string ValueText(const YamlNode& value) const;

  const std::string_view text_;
  const std::string file_;
  bool json_ = false;  // keys and values are quoted
  std::vector<size_t> lines_;
  std::vector<Edit> edits_;
  std::vector<Wanted> wanted_;
};

}  // namespace outrider
