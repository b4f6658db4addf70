"""A credential proven a moment ago is not checked again; one that is refused, revoked or expired is never kept."""

from fastmcp.server.auth import AccessToken

from gateway.model.principal import Principal
from gateway.policy import recent
from gateway.policy.proof import prove
from gateway.policy.recent import RecentProofs

ADA = Principal("key:ada", frozenset({"*"}), "key")


class Checked:
    """A verifier that accepts what it is told to, and counts; with a clock."""

    def __init__(self, *accepted: bytes, expires_at: int | None = None):
        self.accepted = set(accepted)
        self.asked: list[bytes] = []
        self.now = 1000.0
        self.expires_at = expires_at
        self.proofs = RecentProofs(self._verify, lambda: self.now)

    async def _verify(self, credential: bytes) -> AccessToken | None:
        self.asked.append(credential)
        if credential not in self.accepted:
            return None
        token = AccessToken(token="t", client_id="c", scopes=[], expires_at=self.expires_at)
        return prove(token, ADA)


async def test_it_is_checked_once_in_half_a_second() -> None:
    checked = Checked(b"good")
    for after in (0.0, 0.25, 0.49):
        checked.now = 1000.0 + after
        assert await checked.proofs.principal(b"good") == ADA
    assert checked.asked == [b"good"]
    checked.now = 1000.5
    assert await checked.proofs.principal(b"good") == ADA
    assert checked.asked == [b"good", b"good"]


async def test_a_revoked_one_is_refused_within_a_second() -> None:
    checked = Checked(b"good")
    await checked.proofs.principal(b"good")
    checked.accepted.clear()
    checked.now += 1.0
    assert await checked.proofs.principal(b"good") is None
    checked.now -= 0.5  # a clock that was put back brings nothing to life
    assert await checked.proofs.principal(b"good") is None


async def test_a_refused_one_is_checked_each_time() -> None:
    checked = Checked(b"good")
    for _ in range(3):
        assert await checked.proofs.principal(b"goo") is None
    assert checked.asked == [b"goo"] * 3


async def test_one_that_expires_meanwhile_does_not_last() -> None:
    checked = Checked(b"good", expires_at=1000)
    checked.now = 999.75
    await checked.proofs.principal(b"good")
    checked.now = 1000.0
    await checked.proofs.principal(b"good")
    assert len(checked.asked) == 2


async def test_so_many_are_kept_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(recent, "MOST_PROVEN", 2)
    checked = Checked(b"a", b"b", b"c")
    for credential in (b"a", b"b", b"c", b"b", b"a"):
        await checked.proofs.principal(credential)
    assert checked.asked == [b"a", b"b", b"c", b"a"]


async def test_what_the_verifier_made_of_it_is_at_hand_once_it_is_proven() -> None:
    checked = Checked(b"good")
    assert checked.proofs.token(b"good") is None
    await checked.proofs.principal(b"good")
    token = checked.proofs.token(b"good")
    assert token is not None
    assert token.client_id == "c"
