// SPDX-License-Identifier: Apache-2.0
// Rows of the directory, and how its objects get into the tree of incidents.yml.
#include "notifiers/desk/directory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "notifiers/config/yaml_text.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"

namespace outrider {

std::string PlaceOf(const DirectoryObject& object) {
  if (!IsOfSchedule(object.kind)) {
    return fmt::format("{} {}", DirectoryKindText(object.kind), object.name);
  }
  return fmt::format("{} {} of schedule {}", DirectoryKindText(object.kind), object.name,
                     object.schedule);
}

namespace {

constexpr uint8_t kFormat = 1;
// An object's lines are counted from a multiple of this; bodies are shorter.
constexpr int kLinesOfObject = 70'000;  // a body has 64 KiB; 5,000 objects fit into an int

struct KindRow {
  std::string_view word;
  std::string_view section;  // of incidents.yml, or of a schedule
};
// In the order of the enum.
constexpr std::array<KindRow, 7> kKinds = {{{"user", "users"},
                                            {"team", "teams"},
                                            {"schedule", "schedules"},
                                            {"policy", "escalation_policies"},
                                            {"override", "overrides"},
                                            {"swap", "swaps"},
                                            {"temporary", "temporary"}}};
const KindRow& RowOf(DirectoryKind kind) { return kKinds[static_cast<size_t>(kind)]; }

// The section under the name that the file uses.
std::string_view SectionOf(const YamlNode& root, DirectoryKind kind) {
  const bool old = kind == DirectoryKind::kPolicy && root.Find("policies") != nullptr &&
                   root.Find("escalation_policies") == nullptr;
  return old ? "policies" : RowOf(kind).section;
}

void ShiftLines(YamlNode* node, int by) {
  node->line += by;
  for (YamlNode& item : node->items) ShiftLines(&item, by);
  for (YamlNode::Entry& entry : node->entries) {
    entry.first.line += by;
    ShiftLines(&entry.second, by);
  }
}

// The list of a map, made when it is missing or null; nullptr: it is something else.
YamlNode* ListOf(YamlNode* map, std::string_view key) {
  for (YamlNode::Entry& entry : map->entries) {
    if (entry.first.scalar != key) continue;
    if (entry.second.IsNull()) entry.second = YamlList();
    return entry.second.IsSequence() ? &entry.second : nullptr;
  }
  AddEntry(map, key, YamlList());
  return &map->entries.back().second;
}

StatusOr<YamlNode> TreeOf(const DirectoryObject& object) {
  const std::string place = PlaceOf(object);
  YamlNode node = TRY(ParseYaml(object.text, place));
  if (!node.IsMap()) return YamlError(place, node, "a map is wanted");
  if (IsOfSchedule(object.kind)) return node;
  const YamlNode* name = node.Find("name");
  if (name == nullptr) {
    YamlNode text = YamlText(object.name);
    text.line = node.line;
    AddEntry(&node, "name", std::move(text));
  } else if (name->scalar != object.name) {
    return YamlError(
        place, *name,
        fmt::format("the name is {}, and {} was meant", Quote(name->scalar), Quote(object.name)));
  }
  return node;
}

// The list that the object goes into; nullptr when there is none, with a warning that says why.
YamlNode* TargetOf(const DirectoryObject& object, DirectoryMerge* merge) {
  if (!IsOfSchedule(object.kind)) {
    return ListOf(&merge->root, SectionOf(merge->root, object.kind));
  }
  YamlNode* schedules = ListOf(&merge->root, RowOf(DirectoryKind::kSchedule).section);
  if (schedules == nullptr) return nullptr;
  for (YamlNode& item : schedules->items) {
    const YamlNode* name = item.Find("name");
    if (name == nullptr || name->scalar != object.schedule) continue;
    return ListOf(&item, RowOf(object.kind).section);
  }
  merge->warnings.push_back(
      fmt::format("{}: there is no such schedule any more: it has no effect", PlaceOf(object)));
  return nullptr;
}

// Some messages are a line for every mistake.
std::string ExplainLine(const std::string& message, const std::string& file,
                        const std::vector<std::string>& places) {
  if (!message.starts_with(file + ":")) return message;
  const size_t begin = file.size() + 1;
  const size_t end = message.find(':', begin);
  const StatusOr<int64_t> line = ParseInt(std::string_view(message).substr(begin, end - begin));
  if (end == std::string::npos || !line.ok() || *line <= kLinesOfObject) return message;
  const auto index = static_cast<size_t>(*line / kLinesOfObject - 1);
  if (index >= places.size()) return message;
  return fmt::format("{}:{}{}", places[index], *line % kLinesOfObject, message.substr(end));
}

}  // namespace

std::string_view DirectoryKindText(DirectoryKind kind) { return RowOf(kind).word; }

std::string DirectoryKey(DirectoryKind kind, std::string_view schedule, std::string_view name) {
  std::string key(RowOf(kind).word);
  key += '\0';
  if (IsOfSchedule(kind)) {
    key += schedule;
    key += '\0';
  }
  return key.append(name);
}

std::string EncodeDirectoryObject(const DirectoryObject& object) {
  return RowWriter(kFormat)
      .Enum(object.kind)
      .Text(object.schedule)
      .Text(object.name)
      .Text(object.text)
      .U64(object.version)
      .Text(object.changed_by)
      .I64(object.changed_at)
      .Take();
}

StatusOr<DirectoryObject> DecodeDirectoryObject(std::string_view bytes) {
  RowReader in(bytes, kFormat, "an object of the directory");
  DirectoryObject object;
  object.kind = in.Enum(kLastDirectoryKind);
  object.schedule = in.Text();
  object.name = in.Text();
  object.text = in.Text();
  object.version = in.U64();
  object.changed_by = in.Text();
  object.changed_at = in.I64();
  TRY(in.Finish());
  return object;
}

StatusOr<DirectoryObjects> LoadDirectory(const StateStore& store) {
  DirectoryObjects objects;
  for (const KindRow& kind : kKinds) {
    TRY(store.Scan(Family::kDirectory, std::string(kind.word) + '\0', "", [&](const Row& row) {
      StatusOr<DirectoryObject> object = DecodeDirectoryObject(row.value);
      if (object.ok()) {
        objects[row.key] = *std::move(object);
      } else {
        LogError("an object of the directory cannot be read",
                 {{"kind", std::string(kind.word)}, {"err", Message(object.status())}});
      }
      return true;
    }));
  }
  return objects;
}

std::string DirectoryMerge::Explain(const std::string& message, const std::string& file) const {
  std::vector<std::string> lines;
  for (const std::string_view line : Split(message, '\n')) {
    lines.push_back(ExplainLine(std::string(line), file, places));
  }
  return Join(lines, "\n");
}

Status DirectoryMerge::Explain(const Status& status, const std::string& file) const {
  if (status.ok()) return status;
  return {status.code(), Explain(Message(status), file)};
}

StatusOr<DirectoryMerge> MergeDirectory(const YamlNode& file_root,
                                        const DirectoryObjects& objects) {
  DirectoryMerge merge{file_root, {}, {}};
  if (merge.root.IsNull()) merge.root = YamlMap();
  // Schedules before what changes them.
  std::vector<const DirectoryObject*> order;
  for (const auto& [key, object] : objects) order.push_back(&object);
  std::ranges::stable_sort(order, {}, [](const DirectoryObject* object) { return object->kind; });
  for (const DirectoryObject* object : order) {
    YamlNode node = TRY(TreeOf(*object));
    if (!IsOfSchedule(object->kind) &&
        FindInTree(file_root, object->kind, object->name) != nullptr) {
      merge.warnings.push_back(fmt::format(
          "{}: the file has one of this name too, which is the one that counts", PlaceOf(*object)));
      continue;
    }
    YamlNode* list = TargetOf(*object, &merge);
    if (list == nullptr) continue;
    merge.places.push_back(PlaceOf(*object));
    ShiftLines(&node, static_cast<int>(merge.places.size()) * kLinesOfObject);
    list->items.push_back(std::move(node));
  }
  return merge;
}

std::vector<const YamlNode*> ItemsInTree(const YamlNode& root, DirectoryKind kind) {
  std::vector<const YamlNode*> items;
  if (IsOfSchedule(kind) || !root.IsMap()) return items;
  const YamlNode* list = root.Find(SectionOf(root, kind));
  if (list == nullptr) return items;
  for (const YamlNode& item : list->items) items.push_back(&item);
  return items;
}

const YamlNode* FindInTree(const YamlNode& root, DirectoryKind kind, std::string_view name) {
  for (const YamlNode* item : ItemsInTree(root, kind)) {
    const YamlNode* found = item->Find("name");
    if (found != nullptr && found->scalar == name) return item;
  }
  return nullptr;
}

}  // namespace outrider
