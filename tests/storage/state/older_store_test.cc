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

// As an older version would have left it.
void DropFamily(const std::string& path, Family family) {
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) {
    families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, path, families, &handles, &opened).ok());
  const std::unique_ptr<rocksdb::DB> db(opened);
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

}  // namespace
}  // namespace outrider
