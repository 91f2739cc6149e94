// SPDX-License-Identifier: Apache-2.0
#include "storage/state/migration.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/state/row_codec.h"
#include "storage/state/schema.h"

namespace outrider {
namespace {

std::string EncodeVersion(uint32_t version) { return RowWriter(1).U64(version).Take(); }

}  // namespace

Status MigrateSchema(StateStore& store, uint32_t current, std::span<const Migration> migrations) {
  const std::optional<Row> row = TRY(store.Get(Family::kMeta, kSchemaKey));
  if (!row) {
    Batch batch;
    batch.RequireAbsent(Family::kMeta, std::string(kSchemaKey));
    batch.Put(Family::kMeta, std::string(kSchemaKey), EncodeVersion(current));
    return store.Commit(batch, Durability::kSynced);
  }
  RowReader reader(row->value, 1, "the schema version");
  uint64_t version = reader.U64();
  TRY(reader.Finish());
  if (version > current) {
    return absl::FailedPreconditionError(fmt::format(
        "the state was written by a newer Outrider (schema {}, this one knows {}): start that "
        "version again, or point --storage.path at another directory",
        version, current));
  }
  for (; version < current; ++version) {
    const auto step = std::find_if(migrations.begin(), migrations.end(),
                                   [&](const Migration& m) { return m.from == version; });
    if (step == migrations.end()) {
      return Internal(fmt::format("no migration from state schema {} is known", version));
    }
    Batch batch;
    TRY(step->run(store, &batch));
    batch.Put(Family::kMeta, std::string(kSchemaKey),
              EncodeVersion(static_cast<uint32_t>(version + 1)));
    TRY(store.Commit(batch, Durability::kSynced));
  }
  return absl::OkStatus();
}

std::span<const Migration> AllMigrations() { return {}; }

}  // namespace outrider
