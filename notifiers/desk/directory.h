// SPDX-License-Identifier: Apache-2.0
// What people configure by API: users, teams, schedules with their overrides, swaps and temporary
// shifts, escalation policies. Kept as the text that was sent, which is what incidents.yml would
// hold, and put into the file's tree before it is read: one parser, one set of rules. Rows of
// Family::kDirectory: kind 0x00 name, or kind 0x00 schedule 0x00 id. Pure but for LoadDirectory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/state/state_store.h"

namespace outrider {

// On disk: add at the end.
enum class DirectoryKind : uint8_t {
  kUser,
  kTeam,
  kSchedule,
  kPolicy,
  kOverride,  // of a schedule; this and the next two, which may change one of the file too
  kSwap,
  kTemporary,
};
inline constexpr DirectoryKind kLastDirectoryKind = DirectoryKind::kTemporary;
std::string_view DirectoryKindText(DirectoryKind kind);  // user, team, …: the word of the key
inline bool IsOfSchedule(DirectoryKind kind) { return kind >= DirectoryKind::kOverride; }

struct DirectoryObject {
  DirectoryKind kind = DirectoryKind::kUser;
  std::string schedule;  // of overrides, swaps and temporary shifts
  std::string name;      // or their id
  std::string text;      // YAML, or JSON, which is YAML
  uint64_t version = 1;  // counts up with every change
  std::string changed_by;
  Nanos changed_at = 0;
  friend bool operator==(const DirectoryObject&, const DirectoryObject&) = default;
};

std::string DirectoryKey(DirectoryKind kind, std::string_view schedule, std::string_view name);
std::string EncodeDirectoryObject(const DirectoryObject& object);
StatusOr<DirectoryObject> DecodeDirectoryObject(std::string_view bytes);

using DirectoryObjects = std::map<std::string, DirectoryObject>;  // by key
// A row that cannot be read is left where it is and said.
StatusOr<DirectoryObjects> LoadDirectory(const StateStore& store);

// The file's tree with the objects in it. Lines of an object are counted from a place of its own,
// so that Explain can tell whose they are.
// How messages name it: `user anna`, `override ID of schedule NAME`.
std::string PlaceOf(const DirectoryObject& object);

struct DirectoryMerge {
  YamlNode root;
  std::vector<std::string> places;  // `user anna`, in the order of the objects
  std::vector<std::string>
      warnings;  // objects that the file hides, or that have lost their schedule
  // `FILE:LINE:COLUMN: …` with the object in the file's place, where it is one's.
  std::string Explain(const std::string& message, const std::string& file) const;
  Status Explain(const Status& status, const std::string& file) const;
};
// InvalidArgument: a text is no map, or bears another name.
StatusOr<DirectoryMerge> MergeDirectory(const YamlNode& file_root, const DirectoryObjects& objects);

// The item of a section, nullptr: there is none. Not for those of a schedule.
const YamlNode* FindInTree(const YamlNode& root, DirectoryKind kind, std::string_view name);
// The items of the kind's section; none for those of a schedule.
std::vector<const YamlNode*> ItemsInTree(const YamlNode& root, DirectoryKind kind);

struct DirectoryChange {
  enum class Action { kCreate, kReplace, kDelete };
  Action action = Action::kCreate;
  DirectoryKind kind = DirectoryKind::kUser;
  std::string schedule;
  std::string name;
  std::string text;                 // but of kDelete
  std::optional<uint64_t> version;  // what is changed must be this one
};

struct DirectoryTrees {
  const YamlNode& file;    // as it was read
  const YamlNode& merged;  // with the objects
};
// Applies the change and adds its rows. A deleted
// schedule takes its overrides along. Errors: AlreadyExists (the name is taken, in the file too),
// NotFound, OutOfRange (another version), FailedPrecondition (it is of the file, or is used: by
// whom), InvalidArgument, ResourceExhausted. Whether the text makes sense, the parsers tell later.
Status ApplyChange(const DirectoryChange& change, const DirectoryTrees& trees,
                   const std::string& who, Nanos now, DirectoryObjects* objects, Batch* rows);

// Who names it: `schedule primary`, `escalation policy default`, `paging`, …
std::vector<std::string> UsersOfObject(const YamlNode& merged, DirectoryKind kind,
                                       std::string_view name);

}  // namespace outrider
