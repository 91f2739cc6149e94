// SPDX-License-Identifier: Apache-2.0
#include "exporter/advice/quantity.h"

#include <gtest/gtest.h>

namespace outrider {
namespace {

constexpr double kMib = 1024.0 * 1024.0;

TEST(Quantity, CpuUpToAMillicore) {
  struct Case {
    double cores;
    const char* text;
  };
  for (const Case& c : {Case{0, "0"}, Case{0.25, "250m"}, Case{0.2501, "251m"}, Case{1, "1"},
                        Case{1.5, "1500m"}, Case{16, "16"}, Case{0.0001, "1m"},
                        // Sums of tenths are no more than they look.
                        Case{0.1 + 0.2, "300m"}, Case{3 * 0.1, "300m"}, Case{0.7 * 10, "7"},
                        Case{-0.5, "-500m"}, Case{-1e-12, "0"}}) {
    EXPECT_EQ(CpuQuantity(c.cores), c.text) << c.cores;
  }
}

TEST(Quantity, MemoryUpToAMib) {
  struct Case {
    double bytes;
    const char* text;
  };
  for (const Case& c :
       {Case{0, "0"}, Case{1, "1Mi"}, Case{300 * kMib, "300Mi"}, Case{300 * kMib + 1, "301Mi"},
        Case{1024 * kMib, "1Gi"}, Case{1536 * kMib, "1536Mi"}, Case{-2048 * kMib, "-2Gi"},
        // What the VPA writes as 262144k is 250 MiB.
        Case{262144e3, "250Mi"}}) {
    EXPECT_EQ(MemoryQuantity(c.bytes), c.text) << c.bytes;
  }
}

TEST(Quantity, Parses) {
  struct Case {
    const char* text;
    double value;
  };
  // Forms that others read as 0 or as something else: specs/source_systems.md §1.7.
  for (const Case& c :
       {Case{"250m", 0.25}, Case{"1.5m", 0.0015}, Case{"100u", 1e-4}, Case{"1n", 1e-9},
        Case{"2k", 2000}, Case{"1e3", 1000}, Case{"1E3", 1000}, Case{"5E", 5e18},
        Case{"1.5E-2", 0.015}, Case{"1Pi", 1125899906842624.0}, Case{"1Ei", 1152921504606846976.0},
        Case{"500m", 0.5}, Case{"256Mi", 256 * kMib}, Case{"1.5Gi", 1536 * kMib}, Case{"1M", 1e6},
        Case{"+2", 2}, Case{".5", 0.5}, Case{"0", 0}, Case{"262144k", 262144e3}}) {
    const auto value = ParseQuantity(c.text);
    ASSERT_TRUE(value) << c.text;
    EXPECT_DOUBLE_EQ(*value, c.value) << c.text;
  }
}

TEST(Quantity, Refuses) {
  for (const char* text : {"", "m", "Mi", "1 Gi", "1gi", "1KB", "abc", "1..5", "--1", "1e", "e3",
                           "0x10", "1e3.5", "NaN", "Inf", "1Gi ", "{{ .Values.cpu }}"}) {
    EXPECT_FALSE(ParseQuantity(text)) << text;
  }
}

TEST(Quantity, WhatIsWrittenIsReadBack) {
  for (int i = 1; i <= 4096; i += 7) {
    EXPECT_DOUBLE_EQ(*ParseQuantity(CpuQuantity(i / 1000.0)), i / 1000.0);
    EXPECT_DOUBLE_EQ(*ParseQuantity(MemoryQuantity(i * kMib)), i * kMib);
  }
}

}  // namespace
}  // namespace outrider
