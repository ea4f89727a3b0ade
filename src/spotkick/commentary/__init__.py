"""Commentary: reading and making transcripts, and features of what is said.

Rows, each of which imports only from those below it::

    features  fitting  speech
    training
    training_data  embeddings  network
    ensemble  tfidf
    inference  descriptions
    tokenizer  transcript_files  sound
    whisper_json  subtitles
    transcripts
"""
