// SPDX-License-Identifier: Apache-2.0
// The state store on disk: RocksDB embedded, one column family per Family. rocksdb_store.cc is its
// only includer. A value on disk is the row's version (8 bytes, big endian) and its bytes.
// docs/formats.md describes the keys.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "storage/state/state_store.h"

namespace outrider {

struct RocksDbOptions {
  uint64_t memtable_bytes = 16ULL << 20;     // all memtables together
  uint64_t block_cache_bytes = 16ULL << 20;  // strict
};

// Opens (and creates) the store in `directory`. Errors say what to do: FailedPrecondition when
// another process holds the directory or a newer Outrider wrote it, DataLoss when it is corrupt,
// ResourceExhausted when the disk is full, PermissionDenied when it may not be written. Commits
// without requirements are synced together when several threads make them (RocksDB's group commit);
// those with requirements, so all of the desk's, go one after the other, each with its own sync.
// The store is thread-safe and closes cleanly in its destructor.
StatusOr<std::unique_ptr<StateStore>> OpenRocksDbStore(const std::string& directory,
                                                       const RocksDbOptions& options = {});

}  // namespace outrider
