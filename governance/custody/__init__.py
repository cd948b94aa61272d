"""Operations on keys and copies: open a store, rotate, shred, back up, restore; each writes its entry."""
