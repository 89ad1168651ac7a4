#include "transport/amqp/direct_address.hpp"

#include "core/base64.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::transport {
namespace {

using namespace std::string_literals;

const std::string prefix = "amq.rabbitmq.reply-to.";
// As RabbitMQ 3.10 gives it out: NEW_PID_EXT of an ATOM_UTF8_EXT.
const std::string given_out =
    prefix + "g1h2AA5yZXBseUAyOTgzNDU5NgAAAqUAAAAAawxL6g==.CEmYanhGE/Tx==";

std::string address_of(std::string_view term) {
    return prefix + core::base64_encode(term) + ".key";
}

/// A process of the node "a@b".
std::string pid(std::string_view numbers, std::string_view name = "w\3a@b") {
    return address_of("\x83X"s.append(name).append(numbers));
}

TEST(TcpAddress, NamesTheNodeOfItsProcess) {
    EXPECT_EQ(node_of(given_out), "Xv\0\x0ereply@29834596n"s);
    EXPECT_EQ(node_of(pid("\0\0\0\1\0\0\0\2\0\0\0\3"s)), "Xw\3a@bn");
    EXPECT_EQ(node_of(pid("\0\0\0\1\0\0\0\2\0\0\0\3"s, "s\3a@b")), "Xs\3a@bn");
    EXPECT_EQ(node_of(pid("\0\0\0\1\0\0\0\2\0\0\0\3"s, "d\0\3a@b"s)), "Xd\0\3a@bn"s);
    EXPECT_EQ(node_of(address_of("\x83gw\3a@b\0\0\0\1\0\0\0\2\3"s)), "gw\3a@bn") << "PID_EXT";
}

TEST(TcpAddress, IsOfTheSameNodeWhateverProcessAndCreation) {
    const std::string node = node_of(pid("\0\0\0\1\0\0\0\0\0\0\0\1"s));
    EXPECT_EQ(node_of(pid("\0\0\x7f\xff\0\0\x1f\xff\xff\xff\xff\xff"s)), node) << "the largest";
    EXPECT_NE(node_of(pid("\0\0\0\1\0\0\0\0\0\0\0\1"s, "w\3a@c")), node);
    // A broker on an Erlang before 26 cannot read these of its own node.
    const std::string wide = node_of(pid("\0\0\x80\0\0\0\0\0\0\0\0\1"s));
    EXPECT_EQ(wide, "Xw\3a@bw");
    EXPECT_EQ(node_of(pid("\0\0\0\1\0\0\x20\0\0\0\0\1"s)), wide);
}

TEST(TcpAddress, IsOfNoNodeWhenItCannotBeRead) {
    const std::string encoded =
        given_out.substr(prefix.size(), given_out.rfind('.') - prefix.size());
    for (const std::string& address :
         {""s, "a queue"s, "amq.rabbitmq.reply-to"s, prefix, prefix + "AAAA", prefix + encoded,
          prefix + "AAAA.BBBB", prefix + "AAAA..B", prefix + encoded + ".a.b", prefix + ".x",
          prefix + "!!.x", prefix + "." + encoded + ".x", prefix + std::string(300, 'A') + ".x",
          address_of("\x82Xw\3a@b\0\0\0\1\0\0\0\2\0\0\0\3"s),  // another version
          address_of("\x83Yw\3a@b\0\0\0\1\0\0\0\2\0\0\0\3"s),  // no process
          address_of("\x83Xz\3a@b\0\0\0\1\0\0\0\2\0\0\0\3"s),  // no atom
          address_of("\x83Xw\xff"
                     "a@b\0\0\0\1\0\0\0\2\0\0\0\3"s)}) {  // a longer name
        EXPECT_EQ(node_of(address), "") << address;
    }
    // Every byte less, and one more.
    const std::string term = "\x83Xw\3a@b\0\0\0\1\0\0\0\2\0\0\0\3"s;
    for (std::size_t size = 0; size != term.size(); ++size) {
        EXPECT_EQ(node_of(address_of(term.substr(0, size))), "") << size;
    }
    EXPECT_EQ(node_of(address_of(term + '\0')), "");
}

}  // namespace
}  // namespace warren::transport
