// SPDX-License-Identifier: Apache-2.0
// A store that is still being opened: calls wait, and say why when it could not be opened.
#include "storage/state/opening_store.h"

#include <gtest/gtest.h>

#include "storage/state/memory_store.h"

namespace outrider {
namespace {

TEST(OpeningStore, CallsWaitUntilItIsOpen) {
  absl::Notification may_open;
  OpeningStore store([&]() -> OpeningStore::Opened {
    may_open.WaitForNotification();
    return std::make_unique<MemoryStore>();
  });
  std::atomic<bool> committed = false;
  std::jthread writer([&] {
    Batch batch;
    batch.Put(Family::kMeta, "key", "value");
    EXPECT_TRUE(store.Commit(batch, Durability::kSynced).ok());
    committed = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(committed);
  may_open.Notify();
  EXPECT_TRUE(store.Wait().ok());
  writer.join();
  EXPECT_EQ((*store.Get(Family::kMeta, "key"))->value, "value");
  int rows = 0;
  EXPECT_TRUE(store.Scan(Family::kMeta, "k", "", [&](const Row&) { return ++rows > 0; }).ok());
  EXPECT_EQ(rows, 1);
  EXPECT_EQ(store.Stats().commits, 1U);
}

TEST(OpeningStore, EveryCallTellsWhyItIsNotOpen) {
  OpeningStore store(
      []() -> OpeningStore::Opened { return absl::FailedPreconditionError("held"); });
  EXPECT_TRUE(absl::IsFailedPrecondition(store.Wait()));
  EXPECT_TRUE(absl::IsFailedPrecondition(store.Get(Family::kMeta, "key").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      store.Scan(Family::kMeta, "", "", [](const Row&) { return true; })));
  EXPECT_TRUE(absl::IsFailedPrecondition(store.Commit(Batch(), Durability::kBuffered)));
  EXPECT_EQ(store.Stats().commits, 0U);
}

TEST(OpeningStore, MayGoBeforeItIsOpen) {
  std::atomic<bool> opened = false;
  {
    const OpeningStore store([&]() -> OpeningStore::Opened {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      opened = true;
      return std::make_unique<MemoryStore>();
    });
  }
  EXPECT_TRUE(opened);
}

}  // namespace
}  // namespace outrider
