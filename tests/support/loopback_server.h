// SPDX-License-Identifier: Apache-2.0
// A TCP server on 127.0.0.1, port chosen by the kernel, one thread a connection. What it says is
// the handler's.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace outrider {

// Reads from and writes to one accepted connection. False means the peer (or the server's end)
// closed it.
class LoopbackConnection {
 public:
  explicit LoopbackConnection(int fd) : fd_(fd) {}
  bool ReadLine(std::string* line);  // without its CRLF
  bool ReadBytes(size_t count, std::string* bytes);
  bool Write(std::string_view text) const;
  void WaitForClose();  // reads on and drops what comes

 private:
  bool Fill();
  int fd_;
  std::string buffer_;
};

// The handler runs on the connection's thread; when it returns the connection is closed. The
// destructor closes everything and waits for the threads.
class LoopbackServer {
 public:
  using Handler = std::function<void(LoopbackConnection&)>;
  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  int port() const { return port_; }
  size_t connections() const;  // accepted so far

 private:
  void Accept();
  void Serve(int fd);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;  // guards what follows
  bool stopping_ = false;
  std::vector<int> open_;
  std::vector<std::jthread> workers_;
  std::jthread acceptor_;  // last: ends first
};

}  // namespace outrider
