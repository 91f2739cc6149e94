// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/external_url.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

TEST(ExternalUrl, OfTheFlagOrOfWhatIsListenedOn) {
  struct Case {
    const char* given;
    const char* listen;
    const char* prefix;
    const char* machine;
    const char* url;
  };
  const Case cases[] = {
      {"https://o.example/x/", ":9909", "/x", "vm", "https://o.example/x"},
      {"", ":9093", "", "vm", "http://vm:9093"},
      {"", "0.0.0.0:9093", "", "vm", "http://vm:9093"},
      {"", "[::]:9093", "/x", "vm", "http://vm:9093/x"},
      {"", "", "", "vm", "http://vm:9909"},
      {"", "127.0.0.1:9093", "", "vm", "http://127.0.0.1:9093"},
      {"", "alerts.lan:80", "", "vm", "http://alerts.lan:80"},
      {"", ":9093", "", "", "http://localhost:9093"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(ExternalUrl(c.given, c.listen, c.prefix, c.machine), c.url) << c.listen;
  }
}

}  // namespace
}  // namespace outrider
