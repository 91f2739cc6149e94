// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/secret_text.h"

#include "storage/base/text.h"

namespace outrider {

std::string RandomSecret(Random& random) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) {
    const uint64_t bits = random.Next();
    for (int k = 0; k < 8; ++k) bytes += static_cast<char>(bits >> (8 * k) & 0xff);
  }
  return HexEncode(bytes);
}

}  // namespace outrider
