// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transport/public_url.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(PublicUrl, Table) {
  const struct {
    const char* url;
    const char* part;
    const char* shown;
  } kCases[] = {
      {"http://x.example:9090", "http://x.example:9090", "http://x.example:9090"},
      {"https://x.example/prom/", "https://x.example", "https://x.example/prom/"},
      {"https://user:secret@x.example/prom?token=secret#secret", "https://x.example",
       "https://x.example/prom"},
      {"https://user@x.example", "https://x.example", "https://x.example"},
      {"https://us@er:sec@ret@x.example/a", "https://x.example", "https://x.example/a"},
      {"https://user:sec/ret@x.example/a", "https://x.example", "https://x.example/a"},
      {"https://user:sec?ret@x.example/a", "https://x.example", "https://x.example/a"},
      {"https://x.example:80/a@b", "https://x.example:80", "https://x.example:80/a@b"},
      {"https://x.example/a:b@c?d@e", "https://x.example", "https://x.example/a:b@c"},
      {"http://[::1]/a@b", "http://[::1]", "http://[::1]/a@b"},
      {"http://u:p@[::1]:80/a", "http://[::1]:80", "http://[::1]:80/a"},
      {"https://x.example?secret", "https://x.example", "https://x.example"},
      {"user:secret@x.example", "URL without a scheme", "URL without a scheme"},
      {"", "URL without a scheme", "URL without a scheme"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(PublicPart(c.url), c.part) << c.url;
    EXPECT_EQ(ShownUrl(c.url), c.shown) << c.url;
  }
}

}  // namespace
}  // namespace outrider
