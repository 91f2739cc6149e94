// SPDX-License-Identifier: Apache-2.0
// What people configure by API, in a running daemon: merged with incidents.yml, checked by its
// parsers, written and put in force as one.
#include <fmt/format.h>

#include <utility>

#include "exporter/api/access.h"
#include "exporter/daemon/services.h"
#include "notifiers/desk/escalation_views.h"
#include "storage/base/log.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string SubjectOf(const DirectoryChange& change) {
  const std::string_view kind = DirectoryKindText(change.kind);
  if (!IsOfSchedule(change.kind)) return fmt::format("{}:{}", kind, change.name);
  return fmt::format("schedule:{}", change.schedule);
}

std::string TextOf(const DirectoryChange& change) {
  static constexpr std::string_view kVerbs[] = {"made", "changed", "deleted"};
  return fmt::format("{} {} {}", DirectoryKindText(change.kind), change.name,
                     kVerbs[static_cast<size_t>(change.action)]);
}

// Takes out what the message is about; all, when it names none of them.
void LeaveOut(const Status& status, DirectoryObjects* objects) {
  const std::string message = Message(status);
  for (auto it = objects->begin(); it != objects->end(); ++it) {
    const std::string place = PlaceOf(it->second);
    if (!message.starts_with(place + ":")) continue;
    LogError("an object of the directory does not fit and is left out: mend or delete it",
             {{"object", place}, {"err", message}});
    objects->erase(it);
    return;
  }
  LogError("the objects of the directory do not fit and are left out",
           {{"objects", std::to_string(objects->size())}, {"err", message}});
  objects->clear();
}

// An incident goes on by the policy as it was, but an escalation that is begun again (reopened,
// applied again) would find none. One that the file hides is used by nobody.
Status CheckOpenIncidents(const DirectoryChange& change, const YamlNode& file, const Desk& desk) {
  constexpr size_t kNamed = 5;
  if (change.action != DirectoryChange::Action::kDelete || change.kind != DirectoryKind::kPolicy ||
      FindInTree(file, change.kind, change.name) != nullptr) {
    return absl::OkStatus();
  }
  for (const PolicyView& view : desk.Policies()) {
    if (view.policy.name != change.name || view.incidents.empty()) continue;
    const size_t count = view.incidents.size();
    std::vector<std::string> named = view.incidents;
    if (count > kNamed) named.resize(kNamed);
    return absl::FailedPreconditionError(fmt::format(
        "policy {} is used by {} open {}: {}{}", Quote(change.name), count,
        count == 1 ? "incident" : "incidents", Join(named, ", "), count > kNamed ? ", …" : ""));
  }
  return absl::OkStatus();
}

}  // namespace

// A start without somebody's override pages the wrong person; no start pages nobody.
Status Services::LoadDirectoryInto(LoadedFiles* files) {
  DirectoryObjects objects = TRY(LoadDirectory(*state));
  DirectoryObjects fitting = objects;
  while (true) {
    LoadedFiles merged = *files;
    const Status status = ApplyDirectory(fitting, &merged);
    if (status.ok()) {
      *files = std::move(merged);
      break;
    }
    if (fitting.empty()) return status;
    LeaveOut(status, &fitting);
  }
  if (!objects.empty()) {
    for (const std::string& warning : files->incidents.warnings) LogWarn(warning);
  }
  ShowDirectory(std::move(objects), *files);
  return absl::OkStatus();
}

void Services::ShowDirectory(DirectoryObjects objects, const LoadedFiles& files) {
  auto view = std::make_shared<DirectoryView>();
  view->file = files.incidents_root;
  StatusOr<DirectoryMerge> merge = MergeDirectory(view->file, objects);
  view->merged = merge.ok() ? std::move(merge->root) : view->file;
  view->objects = std::move(objects);
  const absl::MutexLock lock(&directory_mutex_);
  directory_ = std::move(view);
}

std::shared_ptr<const DirectoryView> Services::Directory() const {
  const absl::MutexLock lock(&directory_mutex_);
  return directory_;
}

Status Services::EditDirectory(const DirectoryChange& change, const Caller& by) {
  const absl::MutexLock one_at_a_time(&reload_mutex_);
  const Nanos now = clock.NowNanos();
  const std::shared_ptr<const DirectoryView> before = Directory();
  DirectoryObjects objects = before->objects;
  Batch rows;
  TRY(ApplyChange(change, {before->file, before->merged}, by.name, now, &objects, &rows));
  TRY(CheckOpenIncidents(change, before->file, *desk));
  LoadedFiles files = PeoplePart(people_);
  const Status merged = ApplyDirectory(objects, &files);
  if (!merged.ok() && change.action == DirectoryChange::Action::kDelete) {
    // Used in a way that only the parsers know.
    return absl::FailedPreconditionError(fmt::format("without it: {}", Message(merged)));
  }
  TRY(merged);
  DeskConfig config =
      TRY(MakeDeskConfig(files, {*notify_http, *notify_smtp, clock}, flags_, external_url));
  TRY(AddHooks(ToolsOfHooks(), &config));
  AuditEvent event = ConfiguredBy(by, SubjectOf(change), TextOf(change));
  event.data = {{"kind", std::string(DirectoryKindText(change.kind))}, {"name", change.name}};
  TRY(desk->Reload(std::move(config), now, {std::move(event)}, std::move(rows)));
  LogInfo("configured by API", {{"what", TextOf(change)}, {"by", by.name}});
  ShowDirectory(std::move(objects), people_);
  return absl::OkStatus();
}

}  // namespace outrider
