// SPDX-License-Identifier: Apache-2.0
#include "notifiers/hooks/hook_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/state/faulty_store.h"
#include "storage/state/memory_store.h"

namespace outrider {
namespace {

using ::testing::Contains;
using ::testing::Key;

Hook MakeHook(const std::string& name) {
  Hook hook;
  hook.name = name;
  hook.url = "https://hooks.example.org/x";
  return hook;
}

class HookStoreTest : public ::testing::Test {
 protected:
  void Open(HookLogLimits limits = {}) {
    hooks_ = HookStore::Open(store_, random_, limits).value();
  }
  HookDelivery Delivery(const std::string& hook, const std::string& key, Nanos now) {
    HookDelivery delivery;
    delivery.hook_id = hook;
    delivery.message_key = key;
    delivery.created_at = now;
    return delivery;
  }

  MemoryStore store_;
  SeededRandom random_{1};
  std::unique_ptr<HookStore> hooks_;
};

TEST_F(HookStoreTest, WebhooksSurviveARestart) {
  Open();
  Hook full = MakeHook("a");
  full.type = HookType::kDiscord;
  full.secret = "s";
  full.minimum = Severity::kHigh;
  full.headers = {{"X-A", "b"}};
  full.body_template = "{}";
  full = hooks_->Create(full, 10).value();
  const Hook second = hooks_->Create(MakeHook("b"), 20).value();
  EXPECT_NE(full.id, second.id);
  Open();
  EXPECT_EQ(hooks_->Find(full.id).value(), full);
  ASSERT_EQ(hooks_->List().size(), 2U);
  EXPECT_EQ(hooks_->List()[0].name, "b");  // newest first
}

TEST_F(HookStoreTest, ChangesAndRefusals) {
  Open();
  const Hook hook = hooks_->Create(MakeHook("a"), 10).value();
  const auto refused = hooks_->Update(
      hook.id,
      [](Hook* changed) {
        changed->name = "never";
        return InvalidArgument("no");
      },
      20);
  EXPECT_FALSE(refused.ok());
  EXPECT_EQ(hooks_->Find(hook.id)->name, "a");
  const Hook changed = hooks_
                           ->Update(
                               hook.id,
                               [](Hook* next) {
                                 next->enabled = false;
                                 return absl::OkStatus();
                               },
                               30)
                           .value();
  EXPECT_EQ(changed.created_at, 10);
  EXPECT_EQ(changed.updated_at, 30);
  Open();
  EXPECT_FALSE(hooks_->Find(hook.id)->enabled);
  EXPECT_TRUE(absl::IsNotFound(hooks_->Remove("nobody")));
  EXPECT_TRUE(hooks_->Remove(hook.id).ok());
  EXPECT_TRUE(absl::IsNotFound(hooks_->Find(hook.id).status()));
  Open();
  EXPECT_TRUE(hooks_->List().empty());
}

TEST_F(HookStoreTest, ADeliveryIsOneRowWhateverItsAttempts) {
  Open();
  const Hook hook = hooks_->Create(MakeHook("a"), 10).value();
  HookDelivery first = hooks_->Begin(Delivery(hook.id, "k1", 100)).value();
  first.attempts = 1;
  first.state = HookDeliveryState::kRetrying;
  first.error = "HTTP 503";
  first.next_retry_at = 200;
  ASSERT_TRUE(hooks_->Record(first).ok());
  Open();  // the process ended between the attempts
  HookDelivery again = hooks_->Begin(Delivery(hook.id, "k1", 300)).value();
  EXPECT_EQ(again, first);
  again.attempts = 2;
  again.state = HookDeliveryState::kDelivered;
  ASSERT_TRUE(hooks_->Record(again).ok());
  const HookDelivery second = hooks_->Begin(Delivery(hook.id, "k2", 400)).value();
  const auto log = hooks_->Log(hook.id, 10, std::nullopt).value();
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0], second);
  EXPECT_EQ(log[1], again);
  EXPECT_EQ(hooks_->Log(hook.id, 1, std::nullopt)->size(), 1U);
  EXPECT_EQ(hooks_->Log(hook.id, 10, HookDeliveryState::kDelivered)->at(0).message_key, "k1");
  EXPECT_TRUE(absl::IsNotFound(hooks_->Log("nobody", 1, std::nullopt).status()));
}

TEST_F(HookStoreTest, TheLogIsBounded) {
  Open({.rows = 3, .age = kHour});
  const Hook hook = hooks_->Create(MakeHook("a"), 0).value();
  const Hook other = hooks_->Create(MakeHook("b"), 0).value();
  ASSERT_TRUE(hooks_->Begin(Delivery(other.id, "o", 1)).ok());
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(hooks_->Begin(Delivery(hook.id, std::to_string(i), i)).ok());
  }
  ASSERT_EQ(hooks_->Log(hook.id, 100, std::nullopt)->size(), 3U);
  EXPECT_EQ(hooks_->Log(hook.id, 100, std::nullopt)->at(2).message_key, "7");
  EXPECT_EQ(hooks_->Log(other.id, 100, std::nullopt)->size(), 1U);
  const Nanos later = 2 * kHour * kNanosPerMilli;
  ASSERT_TRUE(hooks_->Begin(Delivery(hook.id, "late", later)).ok());
  EXPECT_EQ(hooks_->Log(hook.id, 100, std::nullopt)->size(), 1U);
  int rows = 0;
  ASSERT_TRUE(store_
                  .Scan(Family::kHookLog, "", "",
                        [&](const Row&) {
                          ++rows;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(rows, 1) << "the other webhook's row is as old";
  ASSERT_TRUE(hooks_->Begin(Delivery(other.id, "new", later)).ok());
  ASSERT_TRUE(hooks_->Remove(hook.id).ok());
  Open();
  EXPECT_EQ(hooks_->Log(other.id, 100, std::nullopt)->size(), 1U);
}

TEST_F(HookStoreTest, OldRowsGoWithTheNextMessageOfAnyWebhook) {
  Open({.rows = 100, .age = kHour});
  const Hook quiet = hooks_->Create(MakeHook("a"), 0).value();
  const Hook busy = hooks_->Create(MakeHook("b"), 0).value();
  ASSERT_TRUE(hooks_->Begin(Delivery(quiet.id, "q", 1)).ok());
  ASSERT_TRUE(hooks_->Begin(Delivery(busy.id, "b", 2 * kHour * kNanosPerMilli)).ok());
  EXPECT_TRUE(hooks_->Log(quiet.id, 100, std::nullopt)->empty());
}

// What could not be deleted is deleted later, and what is being sent is not forgotten.
TEST_F(HookStoreTest, AFullDiskForgetsNoRow) {
  FaultyStore faulty(store_, {.fault = StoreFault::kFailOnce, .at = 3});
  hooks_ = HookStore::Open(faulty, random_, {.rows = 1, .age = kHour}).value();
  const Hook hook = hooks_->Create(MakeHook("a"), 0).value();
  HookDelivery first = hooks_->Begin(Delivery(hook.id, "1", 1)).value();
  EXPECT_FALSE(hooks_->Begin(Delivery(hook.id, "2", 2)).ok());
  first.state = HookDeliveryState::kDelivered;
  ASSERT_TRUE(hooks_->Record(first).ok());
  ASSERT_EQ(hooks_->Log(hook.id, 10, std::nullopt)->size(), 1U);
  EXPECT_EQ(hooks_->Log(hook.id, 10, std::nullopt)->at(0).state, HookDeliveryState::kDelivered);
  ASSERT_TRUE(hooks_->Begin(Delivery(hook.id, "2", 3)).ok());
  Open();
  EXPECT_EQ(hooks_->Log(hook.id, 10, std::nullopt)->size(), 1U);
}

TEST_F(HookStoreTest, ABrokenRowDoesNotStopTheOthers) {
  Open();
  const Hook hook = hooks_->Create(MakeHook("a"), 10).value();
  Batch batch;
  batch.Put(Family::kHooks, "broken", "\x7F???");
  batch.Put(Family::kHookLog, "x", "");
  ASSERT_TRUE(store_.Commit(batch, Durability::kSynced).ok());
  Open();
  ASSERT_EQ(hooks_->List().size(), 1U);
  EXPECT_EQ(hooks_->List()[0], hook);
}

TEST(Hook, WhatIsWrong) {
  EXPECT_TRUE(CheckHook(MakeHook("a")).empty());
  Hook hook;
  EXPECT_THAT(CheckHook(hook), Contains(Key("name")));
  EXPECT_THAT(CheckHook(hook), Contains(Key("url")));
  const auto wrong = [](auto change) {
    Hook bad = MakeHook("a");
    change(&bad);
    return CheckHook(bad);
  };
  for (const char* url : {"ftp://x", "http://", "https:///x", "x", "http://a b", "http://a\n"}) {
    EXPECT_THAT(wrong([&](Hook* h) { h->url = url; }), Contains(Key("url"))) << url;
  }
  EXPECT_THAT(wrong([](Hook* h) { h->url = "http://" + std::string(2048, 'x'); }),
              Contains(Key("url")));
  EXPECT_THAT(wrong([](Hook* h) { h->name = std::string(256, 'x'); }), Contains(Key("name")));
  EXPECT_THAT(wrong([](Hook* h) { h->secret = std::string(257, 'x'); }), Contains(Key("secret")));
  for (const char* name : {"", "A B", "Host", "content-length", "X:Y", "X-Outrider-Signature"}) {
    EXPECT_THAT(wrong([&](Hook* h) { h->headers[name] = "v"; }), Contains(Key("custom_headers")))
        << name;
  }
  EXPECT_THAT(wrong([](Hook* h) { h->headers["X-A"] = "a\r\nb"; }),
              Contains(Key("custom_headers")));
  EXPECT_THAT(wrong([](Hook* h) { h->body_template = R"({"a": ${description})"; }),
              Contains(Key("template")));
  // Good for the sample, but not for an alert without a threshold.
  EXPECT_THAT(wrong([](Hook* h) { h->body_template = R"({"a": 1${threshold}})"; }),
              Contains(Key("template")));
  EXPECT_TRUE(wrong([](Hook* h) { h->body_template = R"({"a": ${description}})"; }).empty());
}

}  // namespace
}  // namespace outrider
