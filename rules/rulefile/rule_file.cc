// SPDX-License-Identifier: Apache-2.0
// The file is parsed to a tree first (storage/base/strict_yaml), merge keys (`<<: *anchor`) are
// folded in, then each group and rule is read key by key. Reading goes on behind a problem, so that
// one run shows them all.
#include "rules/rulefile/rule_file.h"

#include <fmt/format.h>

#include <set>

#include "rules/rulefile/rule_reader.h"
#include "storage/base/merge_keys.h"
#include "storage/base/strict_yaml.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr const char* kBundleKeys[] = {"route", "receivers", "inhibit_rules", "time_intervals"};

void ReadGroups(const YamlNode& root, const RuleFileOptions& options, RuleFile* file) {
  YamlReader reader(root, file->path, "rule file");
  const YamlNode* groups = reader.Child("groups");
  if (options.bundle) {
    for (const char* key : kBundleKeys) reader.Child(key);
  }
  if (options.ignore_unknown_fields) {
    for (const auto& [key, value] : root.entries) reader.Child(key.scalar);
  }
  if (groups != nullptr && !groups->IsNull() && !groups->IsSequence()) {
    reader.Fail("groups", "groups must be a list");
  }
  if (const Status status = reader.Finish(); !status.ok()) {
    file->problems.push_back({RuleProblem::Kind::kSchema, Message(status)});
  }
  if (groups == nullptr) return;
  std::set<std::string> names;
  for (const YamlNode& node : groups->items) {
    if (node.IsNull()) continue;  // as Go's yaml.v3 reads lists
    RuleGroup group = ReadRuleGroup(node, options, file->path, &file->problems);
    if (!group.name.empty() && !names.insert(group.name).second) {
      const std::string message =
          fmt::format("groupname: {} is repeated in the same file", Quote(group.name));
      file->problems.push_back(
          {RuleProblem::Kind::kSchema, Message(YamlError(file->path, node, message))});
    }
    file->groups.push_back(std::move(group));
  }
}

}  // namespace

std::string RuleFile::ProblemText() const {
  std::vector<std::string> lines;
  lines.reserve(problems.size());
  for (const RuleProblem& problem : problems) lines.push_back(problem.text);
  return Join(lines, "\n");
}

RuleFile InspectRuleFile(std::string_view text, const std::string& path,
                         const RuleFileOptions& options) {
  RuleFile file;
  file.path = path;
  StatusOr<YamlNode> root = ParseYaml(text, path);
  if (!root.ok()) {
    file.problems.push_back({RuleProblem::Kind::kSchema, Message(root.status())});
    return file;
  }
  FoldMergeKeys(&*root);
  ReadGroups(*root, options, &file);
  return file;
}

StatusOr<RuleFile> ParseRuleFile(std::string_view text, const std::string& path,
                                 const RuleFileOptions& options) {
  RuleFile file = InspectRuleFile(text, path, options);
  bool refused = options.strict && !file.problems.empty();
  for (const RuleProblem& problem : file.problems) {
    refused |= problem.kind == RuleProblem::Kind::kSchema;
  }
  if (refused) return InvalidArgument(file.ProblemText());
  return file;
}

}  // namespace outrider
