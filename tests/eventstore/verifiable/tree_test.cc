// The tree in tiles against the definition, for every size that changes its shape.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/eventstore/verifiable/plain_tree.h"

namespace caseledger::eventstore {
namespace {

using ::testing::IsEmpty;
using testing::LeafNumber;
using ::testing::Not;
using testing::PlainTree;
using testing::TiledTree;

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Inputs and roots of Certificate Transparency's own tests (RFC 6962's first implementation).
TEST(Merkle, RootsOfCertificateTransparency) {
  const std::vector<std::string> inputs = {"",
                                           "00",
                                           "10",
                                           "2021",
                                           "3031",
                                           "40414243",
                                           "5051525354555657",
                                           "606162636465666768696a6b6c6d6e6f"};
  const std::vector<std::string> roots = {
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  TreeEdge edge;
  EXPECT_EQ(edge.Root().ToHex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  std::vector<Tile> full;
  for (size_t i = 0; i < inputs.size(); ++i) {
    edge.Append(HashLeafEntry(FromHex(inputs[i])), full);
    EXPECT_EQ(edge.Root().ToHex(), roots[i]) << i + 1 << " leaves";
  }
  EXPECT_THAT(full, IsEmpty());
}

class Proofs : public ::testing::Test {
 protected:
  // Sizes around every power of two and every tile's end, up to two levels of tiles.
  static std::set<uint64_t> Sizes() {
    std::set<uint64_t> sizes;
    for (uint64_t size = 1; size <= 20; ++size) sizes.insert(size);
    for (const uint64_t middle :
         {32U, 64U, 128U, 255U, 256U, 257U, 300U, 511U, 512U, 513U, 768U, 1000U}) {
      for (uint64_t size = middle - 1; size <= middle + 1; ++size) sizes.insert(size);
    }
    return sizes;
  }

  void SetUp() override {
    std::vector<Hash256> leaves;
    for (uint64_t i = 0; i < 1001; ++i) {
      leaves.push_back(LeafNumber(i));
      tiled_.Append(leaves.back());
    }
    plain_ = std::make_unique<PlainTree>(std::move(leaves));
  }

  TiledTree tiled_;
  std::unique_ptr<PlainTree> plain_;
};

TEST_F(Proofs, RootsAndPathsAreThoseOfTheDefinition) {
  for (const uint64_t size : Sizes()) {
    TreeReader reader = tiled_.ReaderAt(size);
    const Hash256 root = plain_->Root(0, size);
    ASSERT_EQ(*reader.Root(), root) << size;
    ASSERT_EQ(reader.Edge()->Root(), root) << size;
    for (uint64_t index = 0; index < size; index += size < 30 ? 1 : 7) {
      const auto proof = reader.InclusionProof(index);
      ASSERT_EQ(*proof, plain_->Path(index, 0, size)) << index << " of " << size;
      ASSERT_TRUE(VerifyInclusion(index, size, LeafNumber(index), *proof, root).ok());
    }
    EXPECT_TRUE(absl::IsOutOfRange(reader.InclusionProof(size).status()));
  }
}

TEST_F(Proofs, ConsistencyIsThatOfTheDefinition) {
  const std::set<uint64_t> sizes = Sizes();
  for (const uint64_t size : sizes) {
    TreeReader reader = tiled_.ReaderAt(size);
    const Hash256 root = plain_->Root(0, size);
    for (const uint64_t old_size : sizes) {
      if (old_size > size) break;
      const auto proof = reader.ConsistencyProof(old_size);
      ASSERT_EQ(*proof, plain_->Subproof(old_size, 0, size, true)) << old_size << " " << size;
      const Hash256 old_root = plain_->Root(0, old_size);
      ASSERT_TRUE(VerifyConsistency(old_size, size, old_root, root, *proof).ok())
          << old_size << " " << size;
    }
    EXPECT_TRUE(absl::IsOutOfRange(reader.ConsistencyProof(size + 1).status()));
  }
}

// Each way in which a proof can be wrong: a hash flipped, missing, too many; another place, size,
// leaf or root.
TEST_F(Proofs, NoOtherProofIsTaken) {
  for (const uint64_t size : {1U, 2U, 3U, 7U, 8U, 255U, 256U, 257U, 1000U}) {
    TreeReader reader = tiled_.ReaderAt(size);
    const Hash256 root = *reader.Root();
    for (uint64_t index = 0; index < size; index += size < 9 ? 1 : 37) {
      const Hash256 leaf = LeafNumber(index);
      const MerkleProof proof = *reader.InclusionProof(index);
      const auto taken = [&](uint64_t at, uint64_t of, const Hash256& what, const MerkleProof& by) {
        return VerifyInclusion(at, of, what, by, root).ok();
      };
      for (size_t i = 0; i < proof.size(); ++i) {
        MerkleProof wrong = proof;
        wrong[i].bytes[i % 32] ^= 1;
        EXPECT_FALSE(taken(index, size, leaf, wrong));
        wrong = proof;
        wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(taken(index, size, leaf, wrong));
      }
      MerkleProof longer = proof;
      longer.push_back(root);
      EXPECT_FALSE(taken(index, size, leaf, longer));
      EXPECT_FALSE(taken(index, size, LeafNumber(index + 1), proof));
      EXPECT_FALSE(taken(index ^ 1, size, leaf, proof));
      EXPECT_FALSE(taken(size, size, leaf, proof));
    }
  }
}

TEST_F(Proofs, NoOtherConsistencyIsTaken) {
  for (const uint64_t size : {2U, 3U, 7U, 8U, 255U, 256U, 257U, 1000U}) {
    TreeReader reader = tiled_.ReaderAt(size);
    const Hash256 root = *reader.Root();
    for (uint64_t old_size = 1; old_size < size; old_size += size < 9 ? 1 : 37) {
      const Hash256 old_root = *reader.RootAt(old_size);
      const MerkleProof proof = *reader.ConsistencyProof(old_size);
      for (size_t i = 0; i < proof.size(); ++i) {
        MerkleProof wrong = proof;
        wrong[i].bytes[i % 32] ^= 1;
        EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, wrong).ok());
        wrong = proof;
        wrong.erase(wrong.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, wrong).ok());
      }
      MerkleProof longer = proof;
      longer.push_back(root);
      EXPECT_FALSE(VerifyConsistency(old_size, size, old_root, root, longer).ok());
      Hash256 other = old_root;
      other.bytes[0] ^= 1;
      EXPECT_FALSE(VerifyConsistency(old_size, size, other, root, proof).ok());
      EXPECT_FALSE(VerifyConsistency(size, old_size, root, old_root, proof).ok());
    }
  }
  EXPECT_FALSE(VerifyConsistency(5, 5, LeafNumber(1), LeafNumber(2), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 5, LeafNumber(1), LeafNumber(2), {}).ok());
}

// The example of c2sp.org/tlog-tiles: 70,000 leaves.
TEST(Tiles, SeventyThousandLeavesHaveTheTilesOfTheSpecification) {
  TiledTree tree;
  for (uint64_t i = 0; i < 70'000; ++i) tree.Append(LeafNumber(i));
  EXPECT_EQ(tree.tiles().size(), 273u + 1u);
  EXPECT_EQ(TileOfTree(70'000, 0, 273), (TileId{0, 273, 112}));
  EXPECT_EQ(TileOfTree(70'000, 1, 0), (TileId{1, 0, 256}));
  EXPECT_EQ(TileOfTree(70'000, 1, 1), (TileId{1, 1, 17}));
  EXPECT_EQ(TileOfTree(70'000, 2, 0), (TileId{2, 0, 1}));
  EXPECT_EQ(TileOfTree(70'000, 0, 274), std::nullopt);
  EXPECT_EQ(TileOfTree(70'000, 3, 0), std::nullopt);
  EXPECT_EQ(*tree.ReaderAt(70'000).Root(), tree.edge().Root());
}

TEST(Tiles, AnEdgeGoesOnWhereATreeWasLeft) {
  TiledTree tree;
  for (uint64_t i = 0; i < 66'000; ++i) tree.Append(LeafNumber(i));
  for (const uint64_t size : {0U, 1U, 255U, 256U, 257U, 65'535U, 65'536U, 65'800U}) {
    auto edge = tree.ReaderAt(size).Edge();
    ASSERT_TRUE(edge.ok()) << edge.status();
    std::vector<Tile> full;
    for (uint64_t i = size; i < 66'000; ++i) edge->Append(LeafNumber(i), full);
    EXPECT_EQ(edge->Root(), tree.edge().Root()) << size;
    for (const Tile& tile : full) EXPECT_EQ(tree.tiles().at(tile.id), tile.hashes);
    std::erase_if(full, [](const Tile& tile) { return tile.id.level != 0; });
    EXPECT_EQ(full.size(), 66'000 / 256 - size / 256);
  }
}

TEST(Tiles, PathsHaveOneSpelling) {
  const std::vector<std::pair<TileId, std::string>> paths = {
      {{0, 0, 256}, "tile/0/000"},           {{0, 273, 112}, "tile/0/273.p/112"},
      {{2, 0, 1}, "tile/2/000.p/1"},         {{0, 1'234'067, 256}, "tile/0/x001/x234/067"},
      {{1, 1000, 5}, "tile/1/x001/000.p/5"},
  };
  for (const auto& [tile, path] : paths) {
    EXPECT_EQ(TilePath(tile), path);
    const auto parsed = ParseTilePath(path);
    ASSERT_TRUE(parsed.has_value()) << path;
    EXPECT_EQ(parsed->tile, tile);
    EXPECT_FALSE(parsed->entries);
  }
  EXPECT_EQ(EntryBundlePath({0, 273, 112}), "tile/entries/273.p/112");
  EXPECT_TRUE(ParseTilePath("tile/entries/x001/000")->entries);
  for (const char* wrong : {"",
                            "tile",
                            "tile/0",
                            "tile/0/",
                            "tile/00/000",
                            "tile/8/000",
                            "tile/0/00",
                            "tile/0/0000",
                            "tile/0/x000/001",
                            "tile/0/001/002",
                            "tile/0/000.p/0",
                            "tile/0/000.p/256",
                            "tile/0/000.p/007",
                            "tile/0/000.p",
                            "tile/0/000.p/",
                            "tile/0/000/",
                            "/tile/0/000",
                            "tile/-1/000",
                            "tile/0/../000",
                            "tile/entries",
                            "tile/data/000",
                            "tile/0/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(ParseTilePath(wrong).has_value()) << wrong;
  }
}

TEST(Tiles, ACutTileIsRefused) {
  EXPECT_FALSE(HashesOfTile({0, 0, 2}, std::string(63, 'x')).ok());
  EXPECT_THAT(*HashesOfTile({0, 0, 2}, std::string(64, 'x')), Not(IsEmpty()));
}

}  // namespace
}  // namespace caseledger::eventstore
