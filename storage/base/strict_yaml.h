// SPDX-License-Identifier: Apache-2.0
// Strict YAML: every node knows its line and column, duplicate keys and unknown keys are errors
// that name them. yaml-cpp lives in strict_yaml.cc only; a YamlNode owns its whole subtree and can
// outlive the file.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  struct Entry;  // a key and its value: first, second

  Kind kind = Kind::kNull;
  std::string scalar;
  bool quoted = false;          // '5' and "5" are text even where a number is meant
  int line = 1;                 // 1-based
  int column = 1;               // 1-based
  std::vector<YamlNode> items;  // sequences
  std::vector<Entry> entries;   // maps, in file order

  bool IsNull() const { return kind == Kind::kNull; }
  bool IsMap() const { return kind == Kind::kMap; }
  bool IsSequence() const { return kind == Kind::kSequence; }
  bool IsScalar() const { return kind == Kind::kScalar; }
  const YamlNode* Find(std::string_view key) const;
};

struct YamlNode::Entry {
  YamlNode first;
  YamlNode second;
};

// Parses the first document; an empty text is a null node. Aliases are expanded (bounded). Errors
// begin with `file:line:column: `. Duplicate keys anywhere are an error.
StatusOr<YamlNode> ParseYaml(std::string_view text, const std::string& file);
// Parses all documents (`---` between them), empty ones left out. Lines count through the file.
StatusOr<std::vector<YamlNode>> ParseYamlDocuments(std::string_view text, const std::string& file);

// An error `file:line:column: message` at a node.
Status YamlError(const std::string& file, const YamlNode& node, const std::string& message);

// Reads a map key by key, remembers the first error, and at the end refuses keys nobody asked for:
//     YamlReader r(node, file, "route");
//     r.String("receiver", &route.receiver);
//     r.Duration("group_wait", &route.group_wait);
//     const YamlNode* routes = r.Child("routes");
//     TRY(r.Finish());
// Absent keys and null values leave the target as it is. Every reader returns whether the key was
// present (non-null).
class YamlReader {
 public:
  // A null node reads as an empty map; any other kind than a map is an error at Finish().
  YamlReader(const YamlNode& node, std::string file, std::string what);

  bool String(std::string_view key, std::string* out);
  bool Bool(std::string_view key, bool* out);
  bool Int(std::string_view key, int64_t* out);
  bool Double(std::string_view key, double* out);
  bool Duration(std::string_view key, DurationMs* out);       // Prometheus grammar
  bool GoDuration(std::string_view key, int64_t* out_nanos);  // Go grammar
  bool Size(std::string_view key, int64_t* out_bytes);        // 64MiB, 1GiB, 1000, 5MB
  bool StringList(std::string_view key, std::vector<std::string>* out);
  bool StringMap(std::string_view key,
                 std::vector<std::pair<std::string, std::string>>* out);  // file order
  // The raw node (null nodes included), or nullptr when the key is absent; marks the key as known.
  const YamlNode* Child(std::string_view key);
  // True if the key stands in the map, even with a null value; does not mark it.
  bool Has(std::string_view key) const;

  // Remembers an error at the key's value (or at the map itself).
  void Fail(std::string_view key, const std::string& message);
  void Fail(const Status& status);
  // The first error, or `field KEY not found in type WHAT`-like errors for unknown keys.
  Status Finish();

 private:
  const YamlNode* Take(std::string_view key);
  const YamlNode* Scalar(std::string_view key, const char* type);

  const YamlNode& node_;
  std::string file_;
  std::string what_;
  std::set<std::string, std::less<>> known_;
  Status first_error_;
};

}  // namespace outrider
