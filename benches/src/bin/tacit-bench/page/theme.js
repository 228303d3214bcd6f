try{const theme=localStorage.getItem("tacit-theme");if(theme==="light"||theme==="dark")document.documentElement.dataset.theme=theme}catch{}
