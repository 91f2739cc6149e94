// SPDX-License-Identifier: Apache-2.0
// A store of an Outrider that did not know the newest family yet: it is opened, its rows are there,
// and the family is made.
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include <filesystem>

#include "storage/state/rocksdb_store.h"

namespace outrider {
namespace {

void PutOne(StateStore* store, Family family) {
  Batch batch;
  batch.Put(family, "key", std::string(FamilyName(family)));
  ASSERT_TRUE(store->Commit(batch, Durability::kSynced).ok());
}

// With RocksDB's own options.
void OpenPlain(const std::string& path, std::unique_ptr<rocksdb::DB>* db,
               std::vector<rocksdb::ColumnFamilyHandle*>* handles) {
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, path, families, handles, &opened).ok());
  db->reset(opened);
}

// As an older version would have left it.
void DropFamily(const std::string& path, Family family) {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_NO_FATAL_FAILURE(OpenPlain(path, &db, &handles));
  size_t dropped = 0;
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == FamilyName(family)) {
      EXPECT_TRUE(db->DropColumnFamily(handle).ok());
      ++dropped;
    }
    EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  EXPECT_EQ(dropped, 1U);
}

TEST(OlderStore, GetsTheFamiliesItLacks) {
  const std::string path = testing::TempDir() + "older_store";
  std::filesystem::remove_all(path);
  {
    const auto store = OpenRocksDbStore(path);
    ASSERT_TRUE(store.ok()) << store.status();
    PutOne(store->get(), Family::kRules);
    PutOne(store->get(), Family::kAnalytics);
  }
  DropFamily(path, Family::kAnalytics);
  const auto store = OpenRocksDbStore(path);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ((*(*store)->Get(Family::kRules, "key"))->value, "rules");
  EXPECT_FALSE((*store)->Get(Family::kAnalytics, "key")->has_value());
  PutOne(store->get(), Family::kAnalytics);
  EXPECT_EQ((*(*store)->Get(Family::kAnalytics, "key"))->value, "analytics");
}

// Rows of a family, pushed down the levels that stores had before runs were merged by size.
void WriteLevelled(const std::string& path, Family family, int rows) {
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  ASSERT_NO_FATAL_FAILURE(OpenPlain(path, &db, &handles));
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    const bool wanted = handle->GetName() == FamilyName(family);
    for (int i = 0; wanted && i < rows; ++i) {
      EXPECT_TRUE(db->Put({}, handle, "old" + std::to_string(i), "8 bytes:row").ok());
      if (i % 100 == 0) {
        EXPECT_TRUE(db->Flush({}, handle).ok());
      }
      if (i % 300 == 0) {
        EXPECT_TRUE(db->CompactRange({}, handle, nullptr, nullptr).ok());
      }
    }
    EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
}

TEST(OlderStore, WithLevelsIsReadAndWritten) {
  constexpr int kRows = 1000;
  const std::string path = testing::TempDir() + "levelled_store";
  std::filesystem::remove_all(path);
  ASSERT_TRUE(OpenRocksDbStore(path).ok());
  WriteLevelled(path, Family::kAlerts, kRows);
  for (int start = 0; start < 2; ++start) {
    const auto store = OpenRocksDbStore(path);
    ASSERT_TRUE(store.ok()) << store.status();
    PutOne(store->get(), Family::kAlerts);
    int rows = 0;
    ASSERT_TRUE((*store)
                    ->Scan(Family::kAlerts, "old", "",
                           [&](const Row& row) {
                             EXPECT_EQ(row.value, "row");
                             ++rows;
                             return true;
                           })
                    .ok());
    EXPECT_EQ(rows, kRows);
    EXPECT_EQ((*(*store)->Get(Family::kAlerts, "key"))->value, "alerts");
  }
}

}  // namespace
}  // namespace outrider
