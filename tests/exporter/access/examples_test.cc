// SPDX-License-Identifier: Apache-2.0
// examples/web.yml says what is true: its passwords are those that its comment names.
#include <gtest/gtest.h>

#include "exporter/access/password.h"
#include "exporter/access/web_config.h"

namespace outrider {
namespace {

TEST(Examples, WebConfig) {
  const auto config = LoadWebConfig(std::string(OUTRIDER_SOURCE_DIR) + "/examples/web.yml");
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->users.size(), 2U);
  EXPECT_EQ(config->users[0].role, Role::kAdmin);
  EXPECT_EQ(config->users[1].role, Role::kOperator);
  EXPECT_TRUE(PasswordFits("change-me-1", config->users[0].password_hash));
  EXPECT_TRUE(PasswordFits("change-me-2", config->users[1].password_hash));
  EXPECT_TRUE(config->warnings.empty());
}

}  // namespace
}  // namespace outrider
