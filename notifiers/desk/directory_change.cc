// SPDX-License-Identifier: Apache-2.0
// One change of the directory: whether it may be, and its rows.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/schema.h"
#include "notifiers/desk/directory.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxName = 128;
constexpr size_t kMaxText = 64 * 1024;
constexpr size_t kMaxObjects = 5000;
constexpr size_t kMaxOfSchedule = 1000;

// Under these keys stand names of users.
constexpr std::string_view kPeopleKeys[] = {"user", "users",    "replaces", "from",
                                            "to",   "fallback", "members",  "lead"};

std::string Title(const DirectoryChange& change) {
  if (!IsOfSchedule(change.kind)) {
    return fmt::format("{} {}", DirectoryKindText(change.kind), Quote(change.name));
  }
  return fmt::format("{} {} of schedule {}", DirectoryKindText(change.kind), Quote(change.name),
                     Quote(change.schedule));
}

Status CheckName(const std::string& name) {
  bool good = !name.empty() && name.size() <= kMaxName && IsValidUtf8(name);
  for (const char c : name) good &= static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != 0x7f;
  if (good) return absl::OkStatus();
  return InvalidArgument(
      "a name of 1 to 128 bytes is wanted, without slashes and control characters");
}

bool HoldsMask(const YamlNode& node) {
  if (node.scalar == kSecretText) return true;
  return std::ranges::any_of(node.items, HoldsMask) ||
         std::ranges::any_of(node.entries,
                             [](const auto& entry) { return HoldsMask(entry.second); });
}

// Where a key names a file of the daemon, which it would read and send to wherever the object says:
// `webhook_configs[0].url_file`. "": nowhere. `files` are those of a header.
std::string FileKey(const YamlNode& node, bool in_headers = false) {
  for (size_t i = 0; i < node.items.size(); ++i) {
    const std::string found = FileKey(node.items[i], in_headers);
    if (!found.empty()) return fmt::format("[{}]{}{}", i, found.front() == '[' ? "" : ".", found);
  }
  for (const auto& [key, value] : node.entries) {
    const std::string& name = key.scalar;
    if (name.ends_with("_file") || (in_headers && name == "files")) return name;
    const std::string found = FileKey(value, in_headers || name == "http_headers");
    if (!found.empty()) {
      return fmt::format("{}{}{}", name, found.front() == '[' ? "" : ".", found);
    }
  }
  return "";
}

// What was read with its secrets masked must not be written back like that. Who may call need not
// be who may read the daemon's files.
Status CheckText(const DirectoryChange& change) {
  if (change.text.size() > kMaxText) return InvalidArgument("an object has at most 64 KiB");
  const YamlNode node = TRY(ParseYaml(change.text, Title(change)));
  if (const std::string key = FileKey(node); !key.empty()) {
    return InvalidArgument(fmt::format(
        "{}: {} names a file of the daemon, which objects of the API must not: send what "
        "it holds, or configure this in incidents.yml",
        Title(change), key));
  }
  if (!HoldsMask(node)) return absl::OkStatus();
  return InvalidArgument(
      fmt::format("{}: {} stands for a secret that is not shown: send the secret again",
                  Title(change), kSecretText));
}

Status CheckRoom(const DirectoryChange& change, const DirectoryObjects& objects) {
  if (objects.size() >= kMaxObjects) {
    return absl::ResourceExhaustedError(fmt::format("there are {} objects already", kMaxObjects));
  }
  if (!IsOfSchedule(change.kind)) return absl::OkStatus();
  const auto of_schedule = std::ranges::count_if(objects, [&](const auto& entry) {
    return IsOfSchedule(entry.second.kind) && entry.second.schedule == change.schedule;
  });
  if (static_cast<size_t>(of_schedule) < kMaxOfSchedule) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("schedule {} has {} overrides, swaps and temporary shifts already: delete old "
                  "ones",
                  Quote(change.schedule), kMaxOfSchedule));
}

Status CheckVersion(const DirectoryChange& change, const DirectoryObject& object) {
  if (!change.version || *change.version == object.version) return absl::OkStatus();
  return {absl::StatusCode::kOutOfRange,
          fmt::format("{} is at version {} ({}), not {}: read it again", Title(change),
                      object.version, object.changed_by, *change.version)};
}

// What names of other things look like in a tier, by the kind of the thing.
bool Names(const YamlNode& value, std::string_view key, DirectoryKind kind, std::string_view name) {
  const std::string_view text = value.scalar;
  const auto prefixed = [&](std::string_view prefix) {
    return text.starts_with(prefix) && text.substr(prefix.size()) == name;
  };
  switch (kind) {
    case DirectoryKind::kUser:
      return prefixed("user:") ||
             (text == name && std::ranges::find(kPeopleKeys, key) != std::end(kPeopleKeys));
    case DirectoryKind::kTeam:
      return prefixed("team:") || prefixed("lead:") ||
             (text == name && (key == "team" || key == "teams"));
    case DirectoryKind::kSchedule:
      return prefixed("schedule:") || prefixed("oncall:") ||
             (text == name && (key == "schedule" || key == "schedules"));
    case DirectoryKind::kPolicy:
      return text == name && (key == "policy" || key == "escalation_policy");
    default:
      return false;
  }
}

bool AnyNames(const YamlNode& node, std::string_view key, DirectoryKind kind,
              std::string_view name) {
  if (node.IsScalar()) return Names(node, key, kind, name);
  for (const YamlNode& item : node.items) {
    if (AnyNames(item, key, kind, name)) return true;
  }
  return std::ranges::any_of(node.entries, [&](const auto& entry) {
    return AnyNames(entry.second, entry.first.scalar, kind, name);
  });
}

std::string OwnerText(const YamlNode& section, const YamlNode& item) {
  static constexpr std::pair<std::string_view, std::string_view> kTitles[] = {
      {"users", "user"},
      {"teams", "team"},
      {"schedules", "schedule"},
      {"escalation_policies", "escalation policy"},
      {"policies", "escalation policy"}};
  const YamlNode* name = item.Find("name");
  for (const auto& [key, title] : kTitles) {
    if (key == section.scalar && name != nullptr) {
      return fmt::format("{} {}", title, Quote(name->scalar));
    }
  }
  return section.scalar;
}

Status CheckDelete(const DirectoryChange& change, const DirectoryTrees& trees) {
  const std::vector<std::string> users = UsersOfObject(trees.merged, change.kind, change.name);
  if (users.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      fmt::format("{} is used by {}", Title(change), Join(users, ", ")));
}

void Delete(const DirectoryChange& change, const std::string& key, DirectoryObjects* objects,
            Batch* rows) {
  rows->Delete(Family::kDirectory, key);
  objects->erase(key);
  if (change.kind != DirectoryKind::kSchedule) return;
  std::erase_if(*objects, [&](const auto& entry) {
    const bool of_it = IsOfSchedule(entry.second.kind) && entry.second.schedule == change.name;
    if (of_it) rows->Delete(Family::kDirectory, entry.first);
    return of_it;
  });
}

// Where the change is one of something that must be there, or must not.
Status CheckPlace(const DirectoryChange& change, const DirectoryTrees& trees,
                  const DirectoryObjects& objects, const std::string& key) {
  const auto found = objects.find(key);
  const bool in_file = FindInTree(trees.file, change.kind, change.name) != nullptr;
  if (IsOfSchedule(change.kind) &&
      FindInTree(trees.merged, DirectoryKind::kSchedule, change.schedule) == nullptr) {
    return NotFound(fmt::format("no schedule {}", Quote(change.schedule)));
  }
  if (change.action == DirectoryChange::Action::kCreate) {
    if (!in_file && found == objects.end()) return CheckRoom(change, objects);
    return absl::AlreadyExistsError(fmt::format("there is a {} already", Title(change)));
  }
  // One that the file hides can still be deleted.
  const bool hidden = found != objects.end() && change.action == DirectoryChange::Action::kDelete;
  if (in_file && !hidden) {
    return absl::FailedPreconditionError(
        fmt::format("{} is configured in the file, which the API does not write: change it there",
                    Title(change)));
  }
  if (found == objects.end()) return NotFound(fmt::format("no {}", Title(change)));
  TRY(CheckVersion(change, found->second));
  if (change.action == DirectoryChange::Action::kDelete && !in_file) {
    return CheckDelete(change, trees);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::string> UsersOfObject(const YamlNode& merged, DirectoryKind kind,
                                       std::string_view name) {
  std::vector<std::string> users;
  for (const auto& [section, value] : merged.entries) {
    const bool one = !value.IsSequence();
    const size_t count = one ? 1 : value.items.size();
    for (size_t i = 0; i < count; ++i) {
      const YamlNode& item = one ? value : value.items[i];
      if (AnyNames(item, section.scalar, kind, name)) users.push_back(OwnerText(section, item));
    }
  }
  std::ranges::sort(users);
  users.erase(std::ranges::unique(users).begin(), users.end());
  return users;
}

Status ApplyChange(const DirectoryChange& change, const DirectoryTrees& trees,
                   const std::string& who, Nanos now, DirectoryObjects* objects, Batch* rows) {
  TRY(CheckName(change.name));
  const std::string key = DirectoryKey(change.kind, change.schedule, change.name);
  TRY(CheckPlace(change, trees, *objects, key));
  if (change.action == DirectoryChange::Action::kDelete) {
    Delete(change, key, objects, rows);
    return absl::OkStatus();
  }
  TRY(CheckText(change));
  const auto found = objects->find(key);
  DirectoryObject object{change.kind, change.schedule, change.name, change.text, 1, who, now};
  if (found != objects->end()) object.version = found->second.version + 1;
  rows->Put(Family::kDirectory, key, EncodeDirectoryObject(object));
  (*objects)[key] = std::move(object);
  return absl::OkStatus();
}

}  // namespace outrider
