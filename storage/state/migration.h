// SPDX-License-Identifier: Apache-2.0
// The schema version of a store, checked and brought up to date when it is opened.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "storage/state/state_store.h"

namespace outrider {

// Brings rows of schema `from` to `from + 1`; all it writes goes into `batch`, committed with the
// new version.
struct Migration {
  uint32_t from = 0;
  std::function<Status(const StateStore& store, Batch* batch)> run;
};

// An empty store is stamped with `current`. An older one is migrated step by step (a missing step
// is an error). A newer one is refused: FailedPrecondition "written by a newer Outrider (schema N,
// this one knows M)".
Status MigrateSchema(StateStore& store, uint32_t current, std::span<const Migration> migrations);

// The migrations of this version, oldest first.
std::span<const Migration> AllMigrations();

}  // namespace outrider
