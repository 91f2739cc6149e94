// SPDX-License-Identifier: Apache-2.0
// What people configure by API: users, teams, schedules with their overrides, swaps and temporary
// shifts, escalation policies. A body is what incidents.yml would hold, as JSON or YAML.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "exporter/http/server.h"
#include "notifiers/desk/desk.h"
#include "notifiers/desk/directory.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"

namespace outrider {

// The directory and the trees that it is part of, as they are in force.
struct DirectoryView {
  DirectoryObjects objects;
  YamlNode file;    // incidents.yml as it was read
  YamlNode merged;  // with the objects
};

// All outlive the router.
struct DirectoryApiDeps {
  std::function<std::shared_ptr<const DirectoryView>()> view;
  std::function<Status(const DirectoryChange&, const Caller&)> edit;
  const Desk& desk;
  const Clock& clock;
  Random& random;
};

// COLLECTION is users, teams, oncall/schedules or policies:
//   GET    /outrider/v1/COLLECTION          with where each comes from: file or api
//   POST   /outrider/v1/COLLECTION          {name, …}: makes one
//   GET    /outrider/v1/COLLECTION/:name    with ETag, where it comes from the API
//   PUT    /outrider/v1/COLLECTION/:name    replaces it; with If-Match only that version (412)
//   DELETE /outrider/v1/COLLECTION/:name    the same
// Of a schedule, of the file or not, CHANGES is overrides, swaps or temporary:
//   GET    /outrider/v1/oncall/schedules/:name/CHANGES       those made by API
//   POST   /outrider/v1/oncall/schedules/:name/CHANGES
//   DELETE /outrider/v1/oncall/schedules/:name/CHANGES/:id
// What is of the file is changed there (409), and so is what is used by something (409). An answer
// to a change of a schedule says where nobody is on call in the next 14 days.
void RegisterDirectoryApi(Router& router, const DirectoryApiDeps& deps);

}  // namespace outrider
