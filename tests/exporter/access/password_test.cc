// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/password.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "exporter/access/password_checker.h"

namespace outrider {
namespace {

using Verdict = PasswordChecker::Verdict;

TEST(Password, KnownHashes) {
  const struct {
    const char* password;
    const char* hash;
    bool fits;
  } kCases[] = {
      // Test vectors of the bcrypt of OpenBSD and of crypt_blowfish (public domain).
      {"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", true},
      {"U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", true},
      {"U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", true},
      {"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", true},
      {"U*V", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", false},
      {"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", true},
      {"U*U", "$1$abc$xyz", false},
      {"U*U", "", false},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(PasswordFits(c.password, c.hash), c.fits) << c.password << " " << c.hash;
  }
  EXPECT_FALSE(PasswordFits(std::string("U*U\0x", 5),
                            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(Password, WhatIsNoHash) {
  const std::string good = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_TRUE(IsBcryptHash(good));
  EXPECT_FALSE(IsBcryptHash(good.substr(1)));
  EXPECT_FALSE(IsBcryptHash(good + "x"));
  for (const auto& [at, c] : std::vector<std::pair<size_t, char>>{
           {2, 'x'}, {3, 'x'}, {4, '4'}, {4, 'x'}, {5, 'x'}, {6, 'x'}, {20, ':'}}) {
    std::string bad = good;
    bad[at] = c;
    EXPECT_FALSE(IsBcryptHash(bad)) << bad;
  }
  EXPECT_FALSE(IsBcryptHash("$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
}

TEST(Password, HashesOfOurOwn) {
  SeededRandom random(7);
  const auto one = HashPassword("correct horse", 4, random);
  const auto two = HashPassword("correct horse", 4, random);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(*one, *two) << "no salt";
  EXPECT_TRUE(PasswordFits("correct horse", *one));
  EXPECT_TRUE(PasswordFits("correct horse", *two));
  EXPECT_FALSE(PasswordFits("correct horsf", *one));
  EXPECT_TRUE(HashPassword(std::string(72, 'x'), 4, random).ok());
  EXPECT_FALSE(HashPassword(std::string(73, 'x'), 4, random).ok());
  EXPECT_FALSE(HashPassword("", 4, random).ok());
  EXPECT_FALSE(HashPassword(std::string("a\0b", 3), 4, random).ok());
  EXPECT_FALSE(HashPassword("x", 3, random).ok());
  EXPECT_FALSE(HashPassword("x", 32, random).ok());
}

TEST(PasswordChecker, RemembersVerdicts) {
  SeededRandom random(1);
  int asked = 0;
  PasswordChecker checker(random, [&](const std::string& password, const std::string& hash) {
    ++asked;
    return password == hash;
  });
  EXPECT_FALSE(checker.Known("a", "p", "p").has_value());
  EXPECT_EQ(checker.Ask("a", "p", "p"), Verdict::kRight);
  EXPECT_EQ(checker.Ask("a", "p", "p"), Verdict::kRight);
  EXPECT_EQ(checker.Ask("a", "q", "p"), Verdict::kWrong);
  EXPECT_EQ(checker.Ask("a", "q", "p"), Verdict::kWrong);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(checker.Known("a", "p", "p"), true);
  EXPECT_EQ(checker.Known("a", "q", "p"), false);
  EXPECT_FALSE(checker.Known("b", "p", "p").has_value());  // another name
  EXPECT_FALSE(checker.Known("a", "p", "x").has_value());  // another hash
  checker.Forget();
  EXPECT_FALSE(checker.Known("a", "p", "p").has_value());
}

TEST(PasswordChecker, GuessesDoNotPushOutWhatIsRight) {
  SeededRandom random(1);
  PasswordChecker checker(random, [](const std::string& password, const std::string& hash) {
    return password == hash;
  });
  EXPECT_EQ(checker.Ask("a", "p", "p"), Verdict::kRight);
  EXPECT_EQ(checker.Ask("a", "first", "p"), Verdict::kWrong);
  for (size_t i = 0; i < PasswordChecker::kRemembered; ++i) {
    EXPECT_EQ(checker.Ask("a", std::to_string(i), "p"), Verdict::kWrong);
  }
  EXPECT_EQ(checker.Known("a", "p", "p"), true);
  EXPECT_FALSE(checker.Known("a", "first", "p").has_value());
}

// Threads that all want to hash: never more than kAtOnce do, and those beyond the queue are told.
TEST(PasswordChecker, FewAtOnce) {
  SeededRandom random(1);
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::atomic<bool> go = false;
  PasswordChecker checker(random, [&](const std::string&, const std::string&) {
    const int now = ++running;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    while (!go) std::this_thread::yield();
    --running;
    return true;
  });
  constexpr int kCallers = PasswordChecker::kAtOnce + PasswordChecker::kWaiting + 8;
  std::atomic<int> busy = 0;
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kCallers; ++i) {
    threads.emplace_back([&, i] {
      const Verdict verdict = checker.Ask("u", std::to_string(i), "h");
      (verdict == Verdict::kBusy ? busy : right) += 1;
    });
  }
  while (busy < 8) std::this_thread::yield();  // the others run or wait
  go = true;
  threads.clear();
  EXPECT_EQ(busy, 8);
  EXPECT_EQ(right, kCallers - 8);
  EXPECT_EQ(most, PasswordChecker::kAtOnce);
}

}  // namespace
}  // namespace outrider
