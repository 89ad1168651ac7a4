#include "docs/html.hpp"

#include "docs/prose.hpp"
#include "unit/docs/documents.hpp"
#include "unit/docs/parsed_html.hpp"

#include <gtest/gtest.h>

namespace warren::docs {
namespace {

std::string text(std::string_view said) {
    return Html{}.text(said).str();
}

TEST(Html, EscapesWhatWouldBeMarkup) {
    EXPECT_EQ(text("<b>&amp; \"a\" 'b'"), "&lt;b&gt;&amp;amp; &quot;a&quot; &#39;b&#39;");
    EXPECT_EQ(Html{}.markup("<p").attribute("id", "\" x=\"<").markup(">").str(),
              "<p id=\"&quot; x=&quot;&lt;\">");
}

TEST(Html, ShowsWhatCannotBeSeen) {
    EXPECT_EQ(visible("a\x01\x1B\x7F"), "a\\u0001\\u001b\\u007f");
    EXPECT_EQ(visible("\u202E\u200F\u2066\uFEFF\u00AD\u0085\u2028"),
              "\\u202e\\u200f\\u2066\\ufeff\\u00ad\\u0085\\u2028");
    EXPECT_EQ(visible("\U000E0041"), "\\u{e0041}");
    EXPECT_EQ(visible(std::string_view{"a\0b", 3}), "a\\u0000b");
    EXPECT_EQ(visible("lines\nand\ttabs"), "lines\nand\ttabs");
    EXPECT_EQ(visible("ein Übermaß, שלום, 日本語, 🥕"), "ein Übermaß, שלום, 日本語, 🥕");
}

TEST(Html, ShowsBytesThatAreNoText) {
    EXPECT_EQ(visible("a\xFF\xC3"), "a\uFFFD\uFFFD");
    EXPECT_EQ(visible("\xC3\xA4\xE2\x82"), "ä\uFFFD\uFFFD");
    EXPECT_FALSE(is_visible("\xFF"));
}

TEST(Html, HasEveryHostileTextAsText) {
    for (const std::string& said : test::hostile_texts()) {
        Html html;
        html.markup("<p").attribute("title", said).markup(">").text(said).markup("</p>");
        const test::ParsedHtml parsed{html.str()};
        EXPECT_TRUE(parsed.errors.empty()) << said << ": " << parsed.errors.front();
        ASSERT_EQ(parsed.elements.size(), 1U) << said;
        EXPECT_EQ(parsed.text, visible(said));
        EXPECT_EQ(parsed.elements[0].attributes.at("title"), visible(said));
    }
}

std::string prose(std::string_view said) {
    Html html;
    write_prose_line(html, said);
    return html.str();
}

TEST(Prose, HasCodeBetweenBackticks) {
    EXPECT_EQ(prose("the `lock` of `<x>`."), "the <code>lock</code> of <code>&lt;x&gt;</code>.");
    EXPECT_EQ(prose("one ` alone"), "one ` alone");
    EXPECT_EQ(prose("`` and `a\nb`"), "`` and `a\nb`");
}

TEST(Prose, IsSummedUpByItsFirstSentence) {
    EXPECT_EQ(summary_of("Tell what it is. Then more."), "Tell what it is");
    EXPECT_EQ(summary_of("A line\nand another"), "A line");
    EXPECT_EQ(summary_of("Version 1.5 of it."), "Version 1.5 of it");
    EXPECT_EQ(summary_of(""), "");
    const std::string words = "word " + std::string(110, 'x') + " more words that follow";
    EXPECT_EQ(summary_of(words), words.substr(0, words.find(" words")));
    const std::string accents = [] {
        std::string all;
        for (int at = 0; at < 100; ++at) {
            all += "ä";
        }
        return all;
    }();
    EXPECT_EQ(summary_of(accents).size() % 2, 0U) << "no half of a character";
}

}  // namespace
}  // namespace warren::docs
